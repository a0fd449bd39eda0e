"""Replies as Server-Sent Events: one `data:` line for each object, `[DONE]` at the end."""

from __future__ import annotations

from contextlib import aclosing

import orjson
from aiohttp import web

from edge.endpoint import Dialect, EventStream
from edge.errors import public_domain_error
from edge.facts import FACTS, REQUEST_ID_HEADER
from kit.errors import DomainError

_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    # A proxy that gathers the reply would defeat it.
    "X-Accel-Buffering": "no",
}
_NOTHING_YET = b": waiting\n\n"
_END = b"data: [DONE]\n\n"


async def send_events(request: web.Request, stream: EventStream, dialect: Dialect) -> web.StreamResponse:
    """Sends what the stream makes. What it raises after its beginning is told as an event: the status has been sent."""
    facts = request[FACTS]
    response = web.StreamResponse(headers={**_HEADERS, REQUEST_ID_HEADER: facts.request_id})
    await response.prepare(request)
    try:
        async with aclosing(stream.events) as events:
            async for event in events:
                await response.write(_NOTHING_YET if event is None else b"data: " + orjson.dumps(event) + b"\n\n")
    except DomainError as error:
        public = public_domain_error(error, dialect)
        facts.reason = public.reason
        await response.write(b"data: " + orjson.dumps({"detail": public.message}) + b"\n\n")
    await response.write(_END)
    await response.write_eof()
    return response
