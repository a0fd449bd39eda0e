"""The standard gRPC services an operator's tools expect: health, fed by computed health, and reflection."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha._async import ReflectionServicer

from kit.observability.health import Status

_HEALTH_NAME = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
_REFLECTION_NAME = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"].full_name
_STATES = health_pb2.HealthCheckResponse
_add_reflection: Callable[[ReflectionServicer, aio.Server], None] = (
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server
)


class RpcHealth:
    """Answers for the server as a whole ("") and for each of its services. NOT_SERVING until told otherwise."""

    def __init__(self, services: Iterable[str]) -> None:
        self._names = ("", *services)
        self._servicer = HealthServicer()

    async def report(self, status: Status) -> None:
        """Says `status` from now on; degraded still serves."""
        state = _STATES.NOT_SERVING if status is Status.NOT_SERVING else _STATES.SERVING
        for name in self._names:
            await self._servicer.set(name, state)

    def register(self, server: aio.Server) -> None:
        """Adds the service to a server."""
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)


class RpcReflection:
    """Describes a server's services to tools such as grpcurl."""

    def __init__(self, services: Iterable[str]) -> None:
        self._servicer = ReflectionServicer([*services, _HEALTH_NAME, _REFLECTION_NAME])

    def register(self, server: aio.Server) -> None:
        """Adds the service to a server."""
        _add_reflection(self._servicer, server)
