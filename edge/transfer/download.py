"""From the blob store to a client."""

from __future__ import annotations

from collections.abc import AsyncIterator

import structlog
from aiohttp import web

from edge.facts import FACTS, REQUEST_ID_HEADER
from edge.transfer.disposition import content_disposition, safe_content_type
from edge.transfer.ranges import RangeNotSatisfiable, Span, is_known, range_applies, requested_span
from kit.blobs.store import BlobNotFound, BlobStore
from kit.errors import NotFound
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as files

_log = structlog.get_logger()
_LONGEST_AGE_S = 3600


async def send_file(
    request: web.Request, file: files.File, *, blob_key: str, blobs: BlobStore, max_age_s: int | None = None
) -> web.StreamResponse:
    """Answers 200, 206, 304 or 416. `max_age_s` is how long the client may keep it, if it may not for an hour.

    Raises NotFound when the bytes are gone.
    """
    etag = f'"{file.sha256}"'
    headers = _headers(file, etag)
    # Ids are secrets of their owners, so no shared cache may keep what is behind them. Contents never change.
    age_s = _LONGEST_AGE_S if max_age_s is None else min(max_age_s, _LONGEST_AGE_S)
    headers["Cache-Control"] = f"private, max-age={age_s}"
    headers[REQUEST_ID_HEADER] = request[FACTS].request_id
    if is_known(etag, request.headers):
        return web.Response(status=304, headers=headers)
    try:
        span = _span(request, etag, file.size_bytes)
    except RangeNotSatisfiable:
        return web.Response(status=416, headers={**headers, "Content-Range": f"bytes */{file.size_bytes}"})
    status = 200 if span is None else 206
    if span is None:
        span = Span(0, file.size_bytes)
    else:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{file.size_bytes}"
    headers["Content-Length"] = str(span.end - span.start)
    response = web.StreamResponse(status=status, headers=headers)
    if request.method == "HEAD" or span.start == span.end:
        await response.prepare(request)
        return response
    return await _send(request, response, blobs.read(blob_key, span.start, span.end), blob_key)


def _headers(file: files.File, etag: str) -> dict[str, str]:
    return {
        "Content-Type": safe_content_type(file.content_type),
        "Content-Disposition": content_disposition(file.content_type, file.original_name or file.id),
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        # An address that was posted somewhere must not become one that is found.
        "X-Robots-Tag": "noindex",
    }


def _span(request: web.Request, etag: str, size: int) -> Span | None:
    if request.method != "GET" or not range_applies(etag, request.headers):
        return None
    return requested_span(request.headers.get("Range"), size)


async def _send(
    request: web.Request, response: web.StreamResponse, blocks: AsyncIterator[bytes], blob_key: str
) -> web.StreamResponse:
    try:
        # Before the status line is out, missing bytes can still be told as 404.
        block = await anext(blocks, b"")
    except BlobNotFound:
        _log.error("download.blob_missing", blob_key=blob_key)
        asked = request.match_info["file_id"]
        raise NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, f"文件不存在: {asked}") from None
    await response.prepare(request)
    await response.write(block)
    try:
        async for block in blocks:
            await response.write(block)
    except BlobNotFound:
        # Deleted meanwhile. Only a cut connection tells the client that the body is incomplete.
        raise ConnectionResetError("the blob was deleted while it was sent") from None
    await response.write_eof()
    return response
