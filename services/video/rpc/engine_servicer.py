"""EngineService of the contract, for video."""

from __future__ import annotations

from kit.rpc.server import Context
from services.video.domain.engines import ENGINES
from services.video.rpc.mapping import engine_to_proto
from voxreel.engine.v1 import engine_service_pb2 as messages
from voxreel.engine.v1 import engine_service_pb2_grpc


class EngineServicer(engine_service_pb2_grpc.EngineServiceServicer):
    """Lists engines."""

    async def ListEngines(
        self, _request: messages.ListEnginesRequest, _context: Context
    ) -> messages.ListEnginesResponse:
        return messages.ListEnginesResponse(engines=map(engine_to_proto, ENGINES))
