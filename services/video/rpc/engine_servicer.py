"""EngineService of the contract, for video."""

from __future__ import annotations

from kit.rpc.server import Context
from services.video.engines.registry import VideoEngines
from services.video.rpc.mapping import engine_to_proto
from voxreel.engine.v1 import engine_service_pb2 as messages
from voxreel.engine.v1 import engine_service_pb2_grpc


class EngineServicer(engine_service_pb2_grpc.EngineServiceServicer):
    """Lists engines."""

    def __init__(self, engines: VideoEngines) -> None:
        self._engines = engines

    async def ListEngines(
        self, _request: messages.ListEnginesRequest, _context: Context
    ) -> messages.ListEnginesResponse:
        return messages.ListEnginesResponse(engines=map(engine_to_proto, self._engines.facts))
