"""What engines can do now, from the services' own lists of them."""

from __future__ import annotations

from collections.abc import Iterable

from edge.clients import Clients
from kit.concurrency import both
from kit.errors import DomainError
from voxreel.engine.v1 import engine_service_pb2 as engines
from voxreel.engine.v1 import engine_service_pb2_grpc


async def usable_capabilities(clients: Clients) -> frozenset[str]:
    """Capabilities with an engine that can be used now, of all services."""
    return usable_among(await list_engines(clients))


def usable_among(listed: Iterable[engines.Engine]) -> frozenset[str]:
    """Capabilities with an engine among these that can be used."""
    return frozenset(engine.capability for engine in listed if engine.is_available)


async def list_engines(clients: Clients) -> tuple[engines.Engine, ...]:
    """The engines of all services that can say."""
    speech, video = await both(_engines_of(clients.speech_engines), _engines_of(clients.video_engines))
    return (*speech, *video)


async def _engines_of(
    stub: engine_service_pb2_grpc.EngineServiceAsyncStub,
) -> tuple[engines.Engine, ...]:
    """Empty when the service cannot say: what nobody answers for cannot be used."""
    try:
        response = await stub.ListEngines(engines.ListEnginesRequest())
    except DomainError:
        return ()
    return tuple(response.engines)
