"""RecognitionService of the contract."""

from __future__ import annotations

from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.tasks.mapping import message_of
from services.speech.usecases.recognition import CreateRecognition
from voxreel.speech.v1 import recognition_service_pb2 as messages
from voxreel.speech.v1 import recognition_service_pb2_grpc


class RecognitionServicer(recognition_service_pb2_grpc.RecognitionServiceServicer):
    """Parses, calls one use case, maps the result."""

    def __init__(self, recognitions: CreateRecognition) -> None:
        self._recognitions = recognitions

    async def CreateRecognition(
        self, request: messages.CreateRecognitionRequest, _context: Context
    ) -> messages.CreateRecognitionResponse:
        principal = require_principal()
        task = await self._recognitions.create(principal.user_id, request.request_id, request.file_id)
        return messages.CreateRecognitionResponse(task=message_of(task, principal))
