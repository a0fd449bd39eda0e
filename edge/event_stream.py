"""Replies as Server-Sent Events.

What is being made for the reader: one `data:` line for each object, `[DONE]` at the end. What goes on elsewhere: events
with a name and an id, with which a client that comes back says what it has seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass

import orjson
from aiohttp import web

from edge.connection import Connection
from edge.endpoint import Dialect, EventStream, JsonObject
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
# How soon a client whose stream has ended comes back.
_BEGINNING = b"retry: 2000\n\n"
_HEARTBEAT = b": heartbeat\n\n"
_REFUSED = "closed"
# A client that takes nothing for so long is given up.
_STALLED_S = 30.0


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One event. `name` and `id` are plain words."""

    name: str
    id: str
    data: JsonObject


async def send_events(request: web.Request, stream: EventStream, dialect: Dialect) -> web.StreamResponse:
    """Sends what the stream makes. What it raises after its beginning is told as an event: the status has been sent."""
    response = await _begin(request)
    try:
        async with aclosing(stream.events) as events:
            async for event in events:
                await response.write(_NOTHING_YET if event is None else b"data: " + orjson.dumps(event) + b"\n\n")
    except DomainError as error:
        await response.write(b"data: " + orjson.dumps(_refusal(request, error, dialect)) + b"\n\n")
    await response.write(_END)
    await response.write_eof()
    return response


async def send_live_events(
    request: web.Request, events: AsyncGenerator[LiveEvent | None, None], dialect: Dialect
) -> web.StreamResponse:
    """Sends each event when the client has taken the one before; None is a heartbeat. What is raised after the
    beginning is told as an event named `closed`, without an id. Raises ConnectionResetError when the client is gone or
    takes nothing."""
    response = await _begin(request)
    if request.method == "HEAD":
        return response
    async with aclosing(events):
        with _unbuffered(request) as connection:
            await _deliver(response, connection, _BEGINNING)
            try:
                async for event in events:
                    text = _HEARTBEAT if event is None else _text(event.name, event.data, event_id=event.id)
                    await _deliver(response, connection, text)
            except DomainError as error:
                await _deliver(response, connection, _text(_REFUSED, _refusal(request, error, dialect)))
            await response.write_eof()
    return response


async def _begin(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={**_HEADERS, REQUEST_ID_HEADER: request[FACTS].request_id})
    await response.prepare(request)
    return response


def _refusal(request: web.Request, error: DomainError, dialect: Dialect) -> JsonObject:
    public = public_domain_error(error, dialect)
    request[FACTS].reason = public.reason
    return {"detail": public.message}


def _text(name: str, data: JsonObject, *, event_id: str | None = None) -> bytes:
    head = f"event: {name}\n" if event_id is None else f"id: {event_id}\nevent: {name}\n"
    return head.encode() + b"data: " + orjson.dumps(data) + b"\n\n"


@contextmanager
def _unbuffered(request: web.Request) -> Iterator[Connection]:
    """The connection, whose transport keeps nothing back meanwhile: what waits there would be old when it is read."""
    connection, transport = request.protocol, request.transport
    assert isinstance(connection, Connection), "the edge listens with connections of its own"
    if transport is None:
        raise ConnectionResetError("the client is gone")
    transport.set_write_buffer_limits(high=0)
    try:
        yield connection
    finally:
        transport.set_write_buffer_limits()


async def _deliver(response: web.StreamResponse, connection: Connection, text: bytes) -> None:
    try:
        async with asyncio.timeout(_STALLED_S):
            await response.write(text)
            await connection.drained()
    except TimeoutError:
        if connection.transport is not None:
            # Closing it in order would wait for the client.
            connection.transport.abort()
        raise ConnectionResetError("the client takes nothing") from None
