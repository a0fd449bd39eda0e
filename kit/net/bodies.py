"""Bodies of replies, bounded also after decompression."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from aiohttp import ClientResponse

from kit.net.errors import FetchBroken, FetchTooLarge

_CHUNK_BYTES = 64 * 1024
# Detects gzip and zlib by their headers.
_AUTO_DETECT = zlib.MAX_WBITS | 32


async def bounded(response: ClientResponse, max_bytes: int) -> AsyncIterator[bytes]:
    """The decoded body in chunks of 64 KiB at most.

    Raises FetchTooLarge before more than `max_bytes` are given out, FetchBroken for an encoding nobody asked for.
    """
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "deflate", ""):
        raise FetchBroken("unknown content encoding")
    is_plain = encoding in ("identity", "")
    if is_plain and (response.content_length or 0) > max_bytes:
        raise FetchTooLarge("the announced length is too large")
    left = max_bytes
    inflater = zlib.decompressobj(_AUTO_DETECT)
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        for part in (chunk,) if is_plain else _inflated(inflater, chunk, left):
            left -= len(part)
            if left < 0:
                raise FetchTooLarge("the body is too large")
            yield part
        if inflater.eof:
            # Whatever follows would only be kept.
            return
    if not is_plain and not inflater.eof:
        raise FetchBroken("the compressed body ends early")


def _inflated(inflater: zlib._Decompress, chunk: bytes, left: int) -> list[bytes]:
    """Parts of what the chunk holds, one byte beyond `left` at most."""
    parts: list[bytes] = []
    try:
        while left >= 0 and (part := inflater.decompress(chunk, _CHUNK_BYTES)):
            parts.append(part)
            left -= len(part)
            chunk = inflater.unconsumed_tail
    except zlib.error as error:
        raise FetchBroken("the compressed body is broken") from error
    return parts
