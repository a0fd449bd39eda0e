"""SynthesisService of the contract."""

from __future__ import annotations

from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.tasks.mapping import message_of
from services.speech.rpc.mapping import synthesis_from_proto
from services.speech.usecases.create_synthesis import CreateSynthesis
from voxreel.speech.v1 import synthesis_service_pb2 as messages
from voxreel.speech.v1 import synthesis_service_pb2_grpc


class SynthesisServicer(synthesis_service_pb2_grpc.SynthesisServiceServicer):
    """Parses, calls one use case, maps the result."""

    def __init__(self, syntheses: CreateSynthesis) -> None:
        self._syntheses = syntheses

    async def CreateSynthesis(
        self, request: messages.CreateSynthesisRequest, _context: Context
    ) -> messages.CreateSynthesisResponse:
        principal = require_principal()
        synthesis = synthesis_from_proto(request)
        task = await self._syntheses.create(principal, request.request_id, synthesis)
        return messages.CreateSynthesisResponse(task=message_of(task, principal))
