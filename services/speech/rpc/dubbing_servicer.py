"""DubbingService of the contract."""

from __future__ import annotations

from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.tasks.mapping import message_of
from services.speech.rpc.dubbing_mapping import dubbing_from_proto, reference_to_proto
from services.speech.usecases.dubbing import CreateDubbing
from services.speech.usecases.emotion_references import EmotionReferences
from voxreel.speech.v1 import dubbing_service_pb2 as messages
from voxreel.speech.v1 import dubbing_service_pb2_grpc


class DubbingServicer(dubbing_service_pb2_grpc.DubbingServiceServicer):
    """Parses, calls one use case, maps the result."""

    def __init__(self, dubbings: CreateDubbing, references: EmotionReferences) -> None:
        self._dubbings = dubbings
        self._references = references

    async def CreateDubbing(
        self, request: messages.CreateDubbingRequest, _context: Context
    ) -> messages.CreateDubbingResponse:
        principal = require_principal()
        task = await self._dubbings.create(principal.user_id, request.request_id, dubbing_from_proto(request))
        return messages.CreateDubbingResponse(task=message_of(task, principal))

    async def CreateEmotionReference(
        self, request: messages.CreateEmotionReferenceRequest, _context: Context
    ) -> messages.CreateEmotionReferenceResponse:
        created = await self._references.create(require_principal().user_id, request.file_id)
        return messages.CreateEmotionReferenceResponse(
            reference=reference_to_proto(created.reference), is_duplicate=created.is_duplicate
        )
