"""Work that is done for a client as long as the client is there."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from aiohttp import web

from edge.connection import Connection

T = TypeVar("T")


async def while_connected(request: web.Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of the work, or what it raises. When the client goes away first, the work is cancelled and has ended
    when this raises ConnectionResetError."""
    connection = request.protocol
    assert isinstance(connection, Connection), "the edge listens with connections of its own"
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(connection.gone.wait())
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ConnectionResetError("the client is gone")
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)
