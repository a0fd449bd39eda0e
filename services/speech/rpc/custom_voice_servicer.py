"""CustomVoiceService of the contract."""

from __future__ import annotations

from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.rpc.times import timestamp_of
from services.speech.domain.custom_voices import CustomVoice
from services.speech.usecases.custom_voices import CustomVoices
from voxreel.speech.v1 import custom_voice_service_pb2 as messages
from voxreel.speech.v1 import custom_voice_service_pb2_grpc


class CustomVoiceServicer(custom_voice_service_pb2_grpc.CustomVoiceServiceServicer):
    """Parses, calls one use case, maps the result."""

    def __init__(self, voices: CustomVoices) -> None:
        self._voices = voices

    async def CreateCustomVoice(
        self, request: messages.CreateCustomVoiceRequest, _context: Context
    ) -> messages.CreateCustomVoiceResponse:
        created = await self._voices.create(
            require_principal(), request.file_id, name=request.name, description=request.description
        )
        voice = _to_proto(created.voice)
        return messages.CreateCustomVoiceResponse(voice=voice, is_duplicate=created.is_duplicate)

    async def ListCustomVoices(
        self, _request: messages.ListCustomVoicesRequest, _context: Context
    ) -> messages.ListCustomVoicesResponse:
        voices = await self._voices.list(require_principal().user_id)
        return messages.ListCustomVoicesResponse(voices=map(_to_proto, voices))

    async def GetCustomVoice(
        self, request: messages.GetCustomVoiceRequest, _context: Context
    ) -> messages.GetCustomVoiceResponse:
        voice = await self._voices.get(require_principal().user_id, request.voice_id)
        return messages.GetCustomVoiceResponse(voice=_to_proto(voice))


def _to_proto(voice: CustomVoice) -> messages.CustomVoice:
    return messages.CustomVoice(
        id=voice.id,
        name=voice.name,
        description=voice.description,
        size_bytes=voice.size_bytes,
        duration_ms=voice.duration_ms,
        create_time=timestamp_of(voice.create_time),
        is_learnt=voice.engine_voice is not None,
    )
