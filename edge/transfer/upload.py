"""From a client's multipart form to the blob store, without ever holding a whole file."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

import structlog
from aiohttp import BodyPartReader, web

from edge.errors import shape_error
from edge.transfer.form import FormParts, check_is_file, skip, text_of
from kit.blobs.store import BlobStore, BlobTooLarge
from kit.errors import DeadlineExceeded, DomainError, Internal, TooLarge, Unavailable
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as messages
from voxreel.files.v1 import file_service_pb2_grpc

FILE_FIELD = "file"

_log = structlog.get_logger()
# What the files service looks at to tell what the bytes are.
_HEAD_BYTES = 8192
# Boundaries, part headers and small fields around the file.
_FORM_OVERHEAD_BYTES = 1024 * 1024
_MAX_NAME_CHARS = 255


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """Where the file is to live; `file_type` is empty for temp files. `limit_bytes` is the endpoint's own limit."""

    storage_type: messages.StorageType.ValueType
    file_type: str
    limit_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class FormShape:
    """The fields of a form with one file. `check_type` is given the content type that the client says the file has,
    empty when it says none, and raises for one that is not taken."""

    file_field: str
    text_fields: frozenset[str] = frozenset()
    check_type: Callable[[str], None] | None = None


@dataclass(frozen=True, slots=True)
class ReceivedForm:
    """The stored file, and the texts that came with it, by field."""

    file: messages.File
    texts: Mapping[str, str]


async def receive_file(
    request: web.Request,
    target: UploadTarget,
    *,
    files: file_service_pb2_grpc.FileServiceAsyncStub,
    blobs: BlobStore,
    field: str = FILE_FIELD,
) -> messages.File:
    """Stores the form's file. Raises TooLarge as soon as the limit is passed, and what the service refuses."""
    parts, part = await _part_of(request, field)
    return await _store(request, parts, part, target=target, files=files, blobs=blobs)


async def receive_form(
    request: web.Request,
    shape: FormShape,
    target: UploadTarget,
    *,
    files: file_service_pb2_grpc.FileServiceAsyncStub,
    blobs: BlobStore,
) -> ReceivedForm:
    """Stores the form's file and reads its texts, in any order. Raises as `receive_file`."""
    parts = await FormParts.open(request)
    texts: dict[str, str] = {}
    file: messages.File | None = None
    while (part := await parts.next()) is not None:
        if isinstance(part, BodyPartReader) and part.name == shape.file_field and file is None:
            check_is_file(part)
            if shape.check_type is not None:
                shape.check_type(part.headers.get("Content-Type", ""))
            file = await _store(request, parts, part, target=target, files=files, blobs=blobs)
        elif isinstance(part, BodyPartReader) and part.name in shape.text_fields:
            texts[part.name] = await text_of(part)
        else:
            await skip(part)
    if file is None:
        raise shape_error(f"缺少上传文件 {shape.file_field}")
    return ReceivedForm(file, texts)


async def receive_file_or_text(
    request: web.Request,
    target: UploadTarget,
    *,
    text_field: str,
    files: file_service_pb2_grpc.FileServiceAsyncStub,
    blobs: BlobStore,
) -> messages.File | str:
    """Stores the form's file, or answers its text field: whichever comes first. Raises as `receive_file`."""
    parts, part = await _part_of(request, FILE_FIELD, text_field)
    if part.name == FILE_FIELD:
        return await _store(request, parts, part, target=target, files=files, blobs=blobs)
    return await text_of(part)


async def _store(
    request: web.Request,
    parts: FormParts,
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
    limit_bytes = min(grant.limit_bytes, target.limit_bytes or grant.limit_bytes)
    declared = request.content_length
    if declared is not None and declared > limit_bytes + _FORM_OVERHEAD_BYTES:
        raise _too_large(limit_bytes)
    digest = _Digest()
    try:
        size = await blobs.write(grant.blob_key, digest.watch(parts.blocks(part)), limit_bytes=limit_bytes)
    except BlobTooLarge:
        raise _too_large(limit_bytes) from None
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
) -> tuple[FormParts, BodyPartReader]:
    """The form and the first part of one of these names in it, read up to its content."""
    parts = await FormParts.open(request)
    while (part := await parts.next()) is not None:
        if isinstance(part, BodyPartReader) and _is_wanted(part, file_field, text_field):
            if part.name == file_field:
                check_is_file(part)
            return parts, part
        await skip(part)
    other = "" if text_field is None else f" 或 {text_field}"
    raise shape_error(f"缺少上传文件 {file_field}{other}")


def _is_wanted(part: BodyPartReader, file_field: str, text_field: str | None) -> bool:
    """A form in which nothing was chosen brings its file field all the same, without a name."""
    is_left_empty = text_field is not None and not part.filename
    return (part.name == file_field and not is_left_empty) or (part.name is not None and part.name == text_field)


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
