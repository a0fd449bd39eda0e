"""What engines can do now, from the services' own lists of them."""

from __future__ import annotations

from edge.clients import Clients
from kit.concurrency import both
from kit.errors import DomainError
from voxreel.engine.v1 import engine_service_pb2 as engines
from voxreel.engine.v1 import engine_service_pb2_grpc


async def usable_capabilities(clients: Clients) -> frozenset[str]:
    """Capabilities with an engine that can be used now, of all services."""
    listed = await both(_engines_of(clients.speech_engines), _engines_of(clients.video_engines))
    return frozenset(engine.capability for each in listed for engine in each if engine.is_available)


async def _engines_of(
    stub: engine_service_pb2_grpc.EngineServiceAsyncStub,
) -> tuple[engines.Engine, ...]:
    """Empty when the service cannot say: what nobody answers for cannot be used."""
    try:
        response = await stub.ListEngines(engines.ListEnginesRequest())
    except DomainError:
        return ()
    return tuple(response.engines)
