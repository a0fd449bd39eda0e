"""VoiceService of the contract."""

from __future__ import annotations

from kit.rpc.server import Context
from services.speech.rpc.mapping import voice_to_proto
from services.speech.usecases.engines import SynthesisEngine
from voxreel.speech.v1 import voice_service_pb2 as messages
from voxreel.speech.v1 import voice_service_pb2_grpc


class VoiceServicer(voice_service_pb2_grpc.VoiceServiceServicer):
    """Lists voices."""

    def __init__(self, engine: SynthesisEngine) -> None:
        self._engine = engine

    async def ListPresetVoices(
        self, _request: messages.ListPresetVoicesRequest, _context: Context
    ) -> messages.ListPresetVoicesResponse:
        return messages.ListPresetVoicesResponse(voices=map(voice_to_proto, self._engine.voices))
