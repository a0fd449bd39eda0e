"""The HTTP server of the edge."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.typedefs import Middleware

from edge.dispatch import Frame, JsonRoute, StreamingRoute
from edge.endpoint import Endpoint, StreamingEndpoint

JSON_LIMIT_BYTES = 1024 * 1024
# The longest query that endpoints take is that of a package: 2,264 characters, each up to 12 bytes when escaped.
_MAX_LINE_BYTES = 32 * 1024
_MAX_HEADER_BYTES = 8190
_KEEPALIVE_S = 75.0
_BACKLOG = 1024


class _OnlyOurFaults(logging.Filter):
    """Drops what aiohttp logs as an error about bytes that are no HTTP: anybody can send those, at any rate."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, HttpProcessingError)


_log = logging.getLogger("edge.http")
_log.addFilter(_OnlyOurFaults())


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
            if endpoint.method == "GET":
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

    def __init__(self, application: web.Application) -> None:
        self._application = application
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None

    async def start(self, address: str) -> int:
        """Binds "host:port" and answers the port. Raises OSError when it is taken."""
        host, _, port = address.rpartition(":")
        self._runner = web.AppRunner(
            self._application,
            access_log=None,
            logger=_log,
            handle_signals=False,
            keepalive_timeout=_KEEPALIVE_S,
            max_line_size=_MAX_LINE_BYTES,
            max_field_size=_MAX_HEADER_BYTES,
        )
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, host.strip("[]"), int(port), backlog=_BACKLOG)
        await self._site.start()
        bound: int = self._runner.addresses[0][1]
        return bound

    async def stop(self, grace_s: float) -> None:
        """Accepts nothing new and lets running requests finish, at most the grace."""
        if self._runner is None or self._site is None:
            return
        runner, self._runner = self._runner, None
        await self._site.stop()
        if runner.server is not None:
            # Idle connections close at once, busy ones after their reply.
            runner.server.pre_shutdown()
            await runner.server.shutdown(grace_s)
        await runner.cleanup()
