"""Whether the services answer, and since when this edge has been up."""

from __future__ import annotations

from datetime import datetime, timedelta

from grpc import aio
from grpc_health.v1 import health_pb2

from kit.clock import Clock
from kit.observability.health import Check, Health
from kit.rpc.client import Peer

_HEALTH_CHECK = "/grpc.health.v1.Health/Check"
_TIMEOUT_S = 1.0


class NotServing(Exception):
    """The service answers that it does not serve."""


def serving_check(peer: Peer) -> Check:
    """A check that raises unless the service says SERVING."""
    ask = peer.stub(_health_call)

    async def check() -> None:
        response = await ask(health_pb2.HealthCheckRequest(), timeout=_TIMEOUT_S)
        if response.status != health_pb2.HealthCheckResponse.SERVING:
            raise NotServing

    return check


def _health_call(
    channel: aio.Channel,
) -> aio.UnaryUnaryMultiCallable[health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse]:
    return channel.unary_unary(
        _HEALTH_CHECK,
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )


class PlatformStatus:
    """Reads what the checks named after the services said last."""

    def __init__(self, health: Health, clock: Clock) -> None:
        self._health = health
        self._clock = clock
        self._started_at = clock.now()
        self._started_mark = clock.monotonic()

    @property
    def started_at(self) -> datetime:
        return self._started_at

    def uptime(self) -> timedelta:
        """In whole seconds, unmoved by changes of the wall clock."""
        return timedelta(seconds=int(self._clock.monotonic() - self._started_mark))

    def is_serving(self, service: str) -> bool:
        """Whether the service passed its last check; never checked counts as no."""
        result = self._health.results.get(service)
        return result is not None and not result.problem
