"""VoiceService of the contract."""

from __future__ import annotations

from kit.rpc.server import Context
from services.speech.rpc.mapping import voice_to_proto
from services.speech.usecases.engines import SynthesisEngine
from services.speech.usecases.voice_previews import VoicePreviews
from voxreel.speech.v1 import voice_service_pb2 as messages
from voxreel.speech.v1 import voice_service_pb2_grpc


class VoiceServicer(voice_service_pb2_grpc.VoiceServiceServicer):
    """Lists voices and lets them be heard."""

    def __init__(self, engine: SynthesisEngine, previews: VoicePreviews) -> None:
        self._engine = engine
        self._previews = previews

    async def ListPresetVoices(
        self, _request: messages.ListPresetVoicesRequest, _context: Context
    ) -> messages.ListPresetVoicesResponse:
        return messages.ListPresetVoicesResponse(voices=map(voice_to_proto, self._engine.voices))

    async def PrepareVoicePreview(
        self, request: messages.PrepareVoicePreviewRequest, _context: Context
    ) -> messages.PrepareVoicePreviewResponse:
        return messages.PrepareVoicePreviewResponse(file_id=await self._previews.prepare(request.voice))
