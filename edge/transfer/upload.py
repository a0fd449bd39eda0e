"""From a client's multipart form to the blob store, without ever holding a whole file."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog
from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http import HttpProcessingError

from edge.errors import body_too_slow, shape_error
from kit.blobs.store import BlobStore, BlobTooLarge
from kit.errors import DeadlineExceeded, DomainError, Internal, TooLarge, Unavailable
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as messages
from voxreel.files.v1 import file_service_pb2_grpc

FILE_FIELD = "file"

_log = structlog.get_logger()
_BLOCK_BYTES = 256 * 1024
# What the files service looks at to tell what the bytes are.
_HEAD_BYTES = 8192
# Boundaries, part headers and small fields around the file.
_FORM_OVERHEAD_BYTES = 1024 * 1024
_MAX_PARTS = 16
_MAX_FIELD_BYTES = 64 * 1024
# For everything before the file, and then for each block of it.
_IDLE_S = 30.0
_MAX_NAME_CHARS = 255
# What the multipart reader raises for a body that is none.
_BROKEN_FORM = (ValueError, AssertionError, LookupError, HttpProcessingError)
_PLAIN_ENCODINGS = frozenset({"", "binary", "8bit", "7bit", "identity"})


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """Where the file is to live; `file_type` is empty for temp files."""

    storage_type: messages.StorageType.ValueType
    file_type: str


async def receive_file(
    request: web.Request,
    target: UploadTarget,
    *,
    files: file_service_pb2_grpc.FileServiceAsyncStub,
    blobs: BlobStore,
    field: str = FILE_FIELD,
) -> messages.File:
    """Stores the form's file. Raises TooLarge as soon as the limit is passed, and what the service refuses."""
    reader, part = await _part_of(request, field)
    return await _store(request, reader, part, target=target, files=files, blobs=blobs)


async def receive_file_or_text(
    request: web.Request,
    target: UploadTarget,
    *,
    text_field: str,
    files: file_service_pb2_grpc.FileServiceAsyncStub,
    blobs: BlobStore,
) -> messages.File | str:
    """Stores the form's file, or answers its text field: whichever comes first. Raises as `receive_file`."""
    reader, part = await _part_of(request, FILE_FIELD, text_field)
    if part.name == FILE_FIELD:
        return await _store(request, reader, part, target=target, files=files, blobs=blobs)
    try:
        async with asyncio.timeout(_IDLE_S):
            return (await _small(part)).decode()
    except TimeoutError:
        raise body_too_slow() from None
    except UnicodeDecodeError:
        raise shape_error(f"参数 {text_field} 不是有效的文本") from None


async def _store(
    request: web.Request,
    reader: MultipartReader,
    part: BodyPartReader,
    *,
    target: UploadTarget,
    files: file_service_pb2_grpc.FileServiceAsyncStub,
    blobs: BlobStore,
) -> messages.File:
    grant = await files.BeginUpload(
        messages.BeginUploadRequest(
            storage_type=target.storage_type,
            file_type=target.file_type,
            original_name=_clean_name(part.filename or ""),
        )
    )
    declared = request.content_length
    if declared is not None and declared > grant.limit_bytes + _FORM_OVERHEAD_BYTES:
        raise _too_large(grant.limit_bytes)
    digest = _Digest()
    try:
        size = await blobs.write(grant.blob_key, digest.watch(_blocks(reader, part)), limit_bytes=grant.limit_bytes)
    except BlobTooLarge:
        raise _too_large(grant.limit_bytes) from None
    commit = messages.CommitUploadRequest(
        upload_id=grant.upload_id, size_bytes=size, sha256=digest.hexadecimal(), head=bytes(digest.head)
    )
    try:
        return (await files.CommitUpload(commit)).file
    except (DeadlineExceeded, Unavailable, Internal):
        # It may have taken effect: the bytes stay, and the service sweeps them if it has not.
        raise
    except DomainError:
        await _discard(blobs, grant.blob_key)
        raise


async def _part_of(
    request: web.Request, file_field: str, text_field: str | None = None
) -> tuple[MultipartReader, BodyPartReader]:
    """The form and the first part of one of these names in it, read up to its content."""
    if not request.content_type.startswith("multipart/"):
        raise shape_error("请求必须是 multipart/form-data 格式")
    try:
        async with asyncio.timeout(_IDLE_S):
            reader = await request.multipart()
            for _ in range(_MAX_PARTS):
                part = await reader.next()
                if part is None:
                    break
                if isinstance(part, BodyPartReader) and _is_wanted(part, file_field, text_field):
                    _check_encoding(part, file_field)
                    return reader, part
                await _skip(part)
            else:
                raise shape_error("multipart 请求体的字段过多")
    except TimeoutError:
        raise body_too_slow() from None
    except _BROKEN_FORM:
        raise shape_error("multipart 请求体格式不正确") from None
    other = "" if text_field is None else f" 或 {text_field}"
    raise shape_error(f"缺少上传文件 {file_field}{other}")


def _is_wanted(part: BodyPartReader, file_field: str, text_field: str | None) -> bool:
    """A form in which nothing was chosen brings its file field all the same, without a name."""
    is_left_empty = text_field is not None and not part.filename
    return (part.name == file_field and not is_left_empty) or (part.name is not None and part.name == text_field)


def _check_encoding(part: BodyPartReader, file_field: str) -> None:
    transfer = part.headers.get("Content-Transfer-Encoding", "").lower()
    if transfer not in _PLAIN_ENCODINGS or "Content-Encoding" in part.headers:
        raise shape_error("不支持经过编码的上传内容")
    if part.name == file_field and part.filename is None:
        raise shape_error(f"{file_field} 必须是文件")


async def _skip(part: BodyPartReader | MultipartReader) -> None:
    """Reads over a field that means nothing here, if it is small."""
    if not isinstance(part, BodyPartReader):
        raise shape_error("multipart 请求体格式不正确")
    await _small(part)


async def _small(part: BodyPartReader) -> bytes:
    """The whole of a part, if it is small."""
    gathered = bytearray()
    while chunk := await part.read_chunk():
        gathered += chunk
        if len(gathered) > _MAX_FIELD_BYTES:
            raise shape_error("multipart 请求体的字段过大")
    return bytes(gathered)


async def _blocks(reader: MultipartReader, part: BodyPartReader) -> AsyncIterator[bytes]:
    """The content in blocks of about 256 KiB: the network's small reads are gathered first.

    Raises RequestRefused at the end when the boundary behind the content is missing.
    """
    gathered: list[bytes] = []
    size = 0
    try:
        while True:
            async with asyncio.timeout(_IDLE_S):
                chunk = await part.read_chunk(_BLOCK_BYTES)
            if not chunk:
                break
            gathered.append(chunk)
            size += len(chunk)
            if size >= _BLOCK_BYTES:
                yield b"".join(gathered)
                gathered, size = [], 0
        async with asyncio.timeout(_IDLE_S):
            await reader.next()
    except TimeoutError:
        raise body_too_slow() from None
    except _BROKEN_FORM:
        raise shape_error("上传内容不完整") from None
    if gathered:
        yield b"".join(gathered)


class _Digest:
    """Hash and beginning of what passes through."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.head = bytearray()

    async def watch(self, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for block in blocks:
            if len(self.head) < _HEAD_BYTES:
                self.head += block[: _HEAD_BYTES - len(self.head)]
            await asyncio.to_thread(self._hash.update, block)
            yield block

    def hexadecimal(self) -> str:
        return self._hash.hexdigest()


def _clean_name(sent: str) -> str:
    """The name without folders and without what no text may hold; clients of Windows send whole paths."""
    name = sent.replace("\\", "/").rpartition("/")[2].replace("\x00", "")
    return name.encode("utf-8", "replace").decode()[-_MAX_NAME_CHARS:]


def _too_large(limit_bytes: int) -> TooLarge:
    return TooLarge(
        reasons.ERROR_REASON_FILE_TOO_LARGE,
        f"文件过大，上限为 {limit_bytes / 1024 / 1024:g} MB",
        metadata={"limit_bytes": str(limit_bytes)},
    )


async def _discard(blobs: BlobStore, key: str) -> None:
    """Removes refused bytes; if that fails the files service sweeps them with the unused grant."""
    try:
        await blobs.delete(key)
    except Exception as error:
        _log.warning("upload.discard_failed", error=type(error).__name__)
