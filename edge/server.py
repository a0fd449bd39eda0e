"""The HTTP server of the edge."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from edge.connection import Connection
from edge.dispatch import JSON_LIMIT_BYTES, Frame, JsonRoute, StreamingRoute
from edge.endpoint import Endpoint, StreamingEndpoint
from edge.request_record import RequestRecord

_BACKLOG = 1024


def make_application(
    endpoints: Iterable[Endpoint[Any] | StreamingEndpoint[Any]],
    frame: Frame,
    *,
    boundary: Middleware,
    other_routes: Iterable[web.RouteDef],
) -> web.Application:
    """All routes behind the boundary. Every path is served with and without a trailing slash."""
    application = web.Application(middlewares=[boundary], client_max_size=JSON_LIMIT_BYTES)
    application.add_routes(other_routes)
    for endpoint in endpoints:
        serve = (
            StreamingRoute(endpoint, frame).serve
            if isinstance(endpoint, StreamingEndpoint)
            else JsonRoute(endpoint, frame).serve
        )
        for path in _paths(endpoint):
            application.router.add_route(endpoint.method, path, serve)
            # A keyed endpoint does something, whatever its method: asking for its headers must not.
            if endpoint.method == "GET" and not endpoint.is_keyed:
                application.router.add_route("HEAD", path, serve)
    return application


def _paths(endpoint: Endpoint[Any] | StreamingEndpoint[Any]) -> Iterator[str]:
    yield from _spellings(endpoint.path)
    if isinstance(endpoint, StreamingEndpoint):
        for path in endpoint.other_paths:
            yield from _spellings(path)


def _spellings(path: str) -> tuple[str, ...]:
    bare = path.rstrip("/")
    return (bare, bare + "/") if bare else ("/",)


class HttpServer:
    """Listens for an application, and ends in order."""

    def __init__(self, application: web.Application, record: RequestRecord) -> None:
        self._record = record
        self._runner: web.AppRunner | None = web.AppRunner(application, handle_signals=False)
        self._listener: asyncio.Server | None = None

    async def start(self, address: str) -> int:
        """Binds "host:port" and answers the port. Raises OSError when it is taken."""
        assert self._runner is not None
        host, _, port = address.rpartition(":")
        await self._runner.setup()
        server = self._runner.server
        assert server is not None
        loop = asyncio.get_running_loop()

        def connection() -> Connection:
            return Connection(server, self._record, loop=loop)

        self._listener = await loop.create_server(connection, host.strip("[]"), int(port), backlog=_BACKLOG)
        bound: int = self._listener.sockets[0].getsockname()[1]
        return bound

    async def stop(self, grace_s: float) -> None:
        """Accepts nothing new and lets running requests finish, at most the grace."""
        if self._runner is None or self._listener is None:
            return
        runner, self._runner = self._runner, None
        self._listener.close()
        if runner.server is not None:
            # Idle connections close at once, busy ones after their reply.
            runner.server.pre_shutdown()
            await runner.server.shutdown(grace_s)
        await runner.cleanup()
