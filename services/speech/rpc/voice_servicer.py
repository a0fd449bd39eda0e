"""VoiceService of the contract."""

from __future__ import annotations

from kit.errors import Invalid
from kit.rpc.context import current_call, require_principal
from kit.rpc.server import Context
from kit.rpc.times import timestamp_of
from kit.tasks.mapping import message_of
from services.speech.rpc.mapping import cloned_voice_to_proto, voice_to_proto
from services.speech.usecases.cloning import CreateClone
from services.speech.usecases.engines import SynthesisEngine
from services.speech.usecases.voice_previews import VoicePreviews
from services.speech.usecases.voices import ClonedVoices
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.speech.v1 import voice_service_pb2 as messages
from voxreel.speech.v1 import voice_service_pb2_grpc

_MAX_PAGE = 1000


class VoiceServicer(voice_service_pb2_grpc.VoiceServiceServicer):
    """Lists, reads, makes and deletes voices, and lets them be heard."""

    def __init__(
        self, engine: SynthesisEngine, voices: ClonedVoices, clones: CreateClone, *, previews: VoicePreviews
    ) -> None:
        self._engine = engine
        self._voices = voices
        self._clones = clones
        self._previews = previews

    async def ListPresetVoices(
        self, _request: messages.ListPresetVoicesRequest, _context: Context
    ) -> messages.ListPresetVoicesResponse:
        return messages.ListPresetVoicesResponse(voices=map(voice_to_proto, self._engine.voices))

    async def ListClonedVoices(
        self, request: messages.ListClonedVoicesRequest, _context: Context
    ) -> messages.ListClonedVoicesResponse:
        if not 1 <= request.page_size <= _MAX_PAGE or "\x00" in request.prefix:
            raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, f"每页数量必须在 1 到 {_MAX_PAGE} 之间")
        viewer = current_call().principal
        voices, total = await self._voices.visible(viewer, prefix=request.prefix, limit=request.page_size)
        shown = [cloned_voice_to_proto(voice, viewer) for voice in voices]
        return messages.ListClonedVoicesResponse(voices=shown, total_size=total)

    async def GetVoice(self, request: messages.GetVoiceRequest, _context: Context) -> messages.GetVoiceResponse:
        preset = next((voice for voice in self._engine.voices if voice.voice_id == request.voice_id), None)
        if preset is not None:
            return messages.GetVoiceResponse(preset=voice_to_proto(preset), preset_model=self._engine.name)
        viewer = current_call().principal
        voice = await self._voices.get(viewer, request.voice_id)
        return messages.GetVoiceResponse(cloned=cloned_voice_to_proto(voice, viewer))

    async def CreateVoiceClone(
        self, request: messages.CreateVoiceCloneRequest, _context: Context
    ) -> messages.CreateVoiceCloneResponse:
        principal = require_principal()
        task = await self._clones.create(
            principal,
            request.request_id,
            file_id=request.file_id,
            audio_url=request.audio_url,
            prefix=request.prefix,
            target_model=request.target_model,
        )
        return messages.CreateVoiceCloneResponse(task=message_of(task, principal))

    async def UpdateVoice(
        self, request: messages.UpdateVoiceRequest, _context: Context
    ) -> messages.UpdateVoiceResponse:
        principal = require_principal()
        task = await self._clones.update(
            principal,
            request.request_id,
            voice_id=request.voice_id,
            file_id=request.file_id,
            audio_url=request.audio_url,
        )
        return messages.UpdateVoiceResponse(task=message_of(task, principal))

    async def DeleteVoice(
        self, request: messages.DeleteVoiceRequest, _context: Context
    ) -> messages.DeleteVoiceResponse:
        deleted = await self._voices.delete(require_principal(), request.voice_id)
        return messages.DeleteVoiceResponse(delete_time=timestamp_of(deleted))

    async def PrepareVoicePreview(
        self, request: messages.PrepareVoicePreviewRequest, _context: Context
    ) -> messages.PrepareVoicePreviewResponse:
        return messages.PrepareVoicePreviewResponse(file_id=await self._previews.prepare(request.voice))
