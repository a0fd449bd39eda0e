"""What operators ask on the public port as on the admin port: /livez, /readyz, /metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from kit.observability.admin import Reply, admin_routes
from kit.observability.health import Health
from kit.observability.metrics import Metrics

OPERATIONS_PATHS = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked all the time by machines: not worth a trace each."""


def operations_routes(health: Health, metrics: Metrics) -> list[web.RouteDef]:
    """The same answers as those of the admin port."""
    return [web.get(path, _serve(answer)) for path, answer in admin_routes(health, metrics).items()]


def _serve(answer: Callable[[], Reply]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(_request: web.Request) -> web.Response:
        reply = answer()
        headers = {"Content-Type": reply.content_type, "Cache-Control": "no-store"}
        return web.Response(status=reply.status.value, body=reply.body, headers=headers)

    return serve
