"""Reading a client's multipart form part by part, each within its time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http import HttpProcessingError

from edge.errors import body_too_slow, shape_error

Part: TypeAlias = BodyPartReader | MultipartReader

_BLOCK_BYTES = 256 * 1024
_MAX_PARTS = 16
_MAX_FIELD_BYTES = 64 * 1024
# For each part before its content, for the whole of a small one, and for each block of a file.
_IDLE_S = 30.0
# What the multipart reader raises for a body that is none.
_BROKEN_FORM = (ValueError, AssertionError, LookupError, HttpProcessingError)
_MALFORMED = "multipart 请求体格式不正确"
_INCOMPLETE = "上传内容不完整"
_PLAIN_ENCODINGS = frozenset({"", "binary", "8bit", "7bit", "identity"})


class FormParts:
    """The parts of a form, one after the other. Every method raises RequestRefused for what is no form."""

    def __init__(self, reader: MultipartReader) -> None:
        self._reader = reader
        self._ahead: list[Part | None] = []
        self._number = 0

    @classmethod
    async def open(cls, request: web.Request) -> FormParts:
        """The form of a request."""
        if not request.content_type.startswith("multipart/"):
            raise shape_error("请求必须是 multipart/form-data 格式")
        async with _in_time(_MALFORMED):
            return cls(await request.multipart())

    async def next(self) -> Part | None:
        """The next part, read up to its content; None at the end."""
        if self._ahead:
            return self._ahead.pop()
        async with _in_time(_MALFORMED):
            return await self._read_next()

    async def blocks(self, part: BodyPartReader) -> AsyncIterator[bytes]:
        """The content in blocks of about 256 KiB: the network's small reads are gathered first.

        Raises RequestRefused at the end when the boundary behind the content is missing.
        """
        gathered: list[bytes] = []
        size = 0
        while chunk := await _chunk_of(part):
            gathered.append(chunk)
            size += len(chunk)
            if size >= _BLOCK_BYTES:
                yield b"".join(gathered)
                gathered, size = [], 0
        async with _in_time(_INCOMPLETE):
            self._ahead.append(await self._read_next())
        if gathered:
            yield b"".join(gathered)

    async def _read_next(self) -> Part | None:
        part = await self._reader.next()
        self._number += part is not None
        if self._number > _MAX_PARTS:
            raise shape_error("multipart 请求体的字段过多")
        return part


def check_is_file(part: BodyPartReader) -> None:
    """Raises RequestRefused for a text field, and for a file that is encoded."""
    _check_encoding(part)
    if part.filename is None:
        raise shape_error(f"{part.name} 必须是文件")


async def text_of(part: BodyPartReader) -> str:
    """The text of a small field."""
    _check_encoding(part)
    async with _in_time(_MALFORMED):
        content = await _small(part)
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise shape_error(f"参数 {part.name} 不是有效的文本") from None


async def skip(part: Part) -> None:
    """Reads over a field that means nothing here, if it is small."""
    if not isinstance(part, BodyPartReader):
        raise shape_error(_MALFORMED)
    async with _in_time(_MALFORMED):
        await _small(part)


def _check_encoding(part: BodyPartReader) -> None:
    transfer = part.headers.get("Content-Transfer-Encoding", "").lower()
    if transfer not in _PLAIN_ENCODINGS or "Content-Encoding" in part.headers:
        raise shape_error("不支持经过编码的上传内容")


async def _small(part: BodyPartReader) -> bytes:
    """The whole of a part, if it is small."""
    gathered = bytearray()
    while chunk := await part.read_chunk():
        gathered += chunk
        if len(gathered) > _MAX_FIELD_BYTES:
            raise shape_error("multipart 请求体的字段过大")
    return bytes(gathered)


async def _chunk_of(part: BodyPartReader) -> bytes:
    async with _in_time(_INCOMPLETE):
        return await part.read_chunk(_BLOCK_BYTES)


@asynccontextmanager
async def _in_time(broken: str) -> AsyncIterator[None]:
    """Bounds a read, and tells with `broken` of what is no form."""
    try:
        async with asyncio.timeout(_IDLE_S):
            yield
    except TimeoutError:
        raise body_too_slow() from None
    except _BROKEN_FORM:
        raise shape_error(broken) from None
