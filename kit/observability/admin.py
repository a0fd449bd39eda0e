"""The admin port: /livez, /readyz and /metrics for the operator's tools. GET only, no framework, bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

import orjson

from kit.observability.health import Health
from kit.observability.metrics import CONTENT_TYPE, Metrics

_MAX_HEAD_BYTES = 8192
_TIMEOUT_S = 5.0
_MAX_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Reply:
    status: HTTPStatus
    content_type: str
    body: bytes


def admin_routes(health: Health, metrics: Metrics) -> Mapping[str, Callable[[], Reply]]:
    """What the admin port of every process answers."""
    return {
        "/livez": lambda: _json(HTTPStatus.OK, {"status": "alive"}),
        "/readyz": lambda: _readiness(health),
        "/metrics": lambda: Reply(HTTPStatus.OK, CONTENT_TYPE, metrics.render()),
    }


class AdminServer:
    """Serves the routes on a port until closed."""

    def __init__(self, routes: Mapping[str, Callable[[], Reply]]) -> None:
        self._routes = routes
        self._server: asyncio.Server | None = None
        self._open_connections = 0

    async def start(self, host: str, port: int) -> int:
        """Listens and answers the port that was bound."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=_MAX_HEAD_BYTES)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def close(self) -> None:
        """Stops listening; a reply that is being written may finish."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open_connections += 1
        try:
            if self._open_connections <= _MAX_CONNECTIONS:
                async with asyncio.timeout(_TIMEOUT_S):
                    await self._answer(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            self._open_connections -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(_encode(self._reply(head.split(b"\r\n", 1)[0].decode("latin-1"))))
        await writer.drain()

    def _reply(self, request_line: str) -> Reply:
        parts = request_line.split(" ")
        if len(parts) != 3:
            return _json(HTTPStatus.BAD_REQUEST, {"status": "bad request"})
        method, target, _version = parts
        if method != "GET":
            return _json(HTTPStatus.METHOD_NOT_ALLOWED, {"status": "method not allowed"})
        route = self._routes.get(target.partition("?")[0])
        if route is None:
            return _json(HTTPStatus.NOT_FOUND, {"status": "not found"})
        return route()


def _readiness(health: Health) -> Reply:
    checks = {name: result.problem or "ok" for name, result in health.results.items()}
    status = HTTPStatus.OK if health.is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return _json(status, {"status": health.status, "is_draining": health.is_draining, "checks": checks})


def _json(status: HTTPStatus, body: Mapping[str, object]) -> Reply:
    return Reply(status, "application/json", orjson.dumps(body))


def _encode(reply: Reply) -> bytes:
    head = (
        f"HTTP/1.1 {reply.status.value} {reply.status.phrase}\r\n"
        f"Content-Type: {reply.content_type}\r\n"
        f"Content-Length: {len(reply.body)}\r\n"
        "Cache-Control: no-store\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("latin-1") + reply.body
