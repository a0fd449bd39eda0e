"""Speech as an edge sees it: accepting syntheses, their tasks, voices and engines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kit.clock import Clock
from kit.errors import Invalid, NotFound
from kit.ids import IdSource
from kit.rpc.context import current_call, require_principal
from kit.rpc.server import Context
from tests.fakes.refusals import Refusals
from tests.fakes.servicers_jobs import FakeJobs
from tests.fakes.servicers_tasks import FakeTasks
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.speech.v1 import synthesis_service_pb2 as synthesis
from voxreel.speech.v1 import synthesis_service_pb2_grpc, voice_service_pb2_grpc
from voxreel.speech.v1 import voice_service_pb2 as voices
from voxreel.task.v1 import task_pb2

_VOICES = (
    voices.PresetVoice(name="zhichu", display_name="知初", gender=voices.GENDER_FEMALE, languages=["zh"]),
    voices.PresetVoice(name="zhixia", display_name="知夏", gender=voices.GENDER_FEMALE, languages=["zh"]),
    voices.PresetVoice(name="zhiwei", display_name="知伟", gender=voices.GENDER_MALE, languages=["zh"]),
    voices.PresetVoice(name="zhijie", display_name="知杰", gender=voices.GENDER_MALE, languages=["zh"]),
)


class FakeSpeech(synthesis_service_pb2_grpc.SynthesisServiceServicer, voice_service_pb2_grpc.VoiceServiceServicer):
    """Accepts syntheses once per user and request id; the tasks are in `tasks`."""

    def __init__(self, clock: Clock, ids: IdSource) -> None:
        self._clock = clock
        self._ids = ids
        self.refusals = Refusals()
        self.tasks = FakeTasks()
        # What a test does when a preview is to be made.
        self.make_preview: Callable[[str], Awaitable[None]] | None = None
        self.previews: list[str] = []
        self.preview_version = "v1"
        self.clones = FakeJobs(self.tasks, clock, ids)
        self.cloned: dict[str, voices.ClonedVoice] = {}
        self.accepted: dict[tuple[int, str], tuple[synthesis.CreateSynthesisRequest, str]] = {}

    async def CreateSynthesis(
        self, request: synthesis.CreateSynthesisRequest, context: Context
    ) -> synthesis.CreateSynthesisResponse:
        self.refusals.enter("CreateSynthesis")
        user_id = require_principal().user_id
        name, _dash, version = request.voice.partition("-")
        if name not in {voice.name for voice in _VOICES} or version not in ("", self.preview_version):
            raise Invalid(reasons.ERROR_REASON_VOICE_UNKNOWN, f"音色不存在: {request.voice}")
        former = self.accepted.get((user_id, request.request_id))
        if former is not None and former[0] != request:
            raise Invalid(reasons.ERROR_REASON_IDEMPOTENCY_KEY_REUSED, "请求标识已被使用")
        task_id = self._ids.random("tts_") if former is None else former[1]
        if former is None:
            self.accepted[(user_id, request.request_id)] = (request, task_id)
            task = task_pb2.Task(id=task_id, kind=task_pb2.TASK_KIND_TTS, state=task_pb2.TASK_STATE_QUEUED)
            task.create_time.FromDatetime(self._clock.now())
            self.tasks.put(task)
        return synthesis.CreateSynthesisResponse(task=self.tasks.by_id[task_id])

    async def ListPresetVoices(
        self, request: voices.ListPresetVoicesRequest, context: Context
    ) -> voices.ListPresetVoicesResponse:
        self.refusals.enter("ListPresetVoices")
        return voices.ListPresetVoicesResponse(voices=_VOICES)

    async def PrepareVoicePreview(
        self, request: voices.PrepareVoicePreviewRequest, context: Context
    ) -> voices.PrepareVoicePreviewResponse:
        self.refusals.enter("PrepareVoicePreview")
        name, _dash, version = request.voice.partition("-")
        if name not in {voice.name for voice in _VOICES} or version not in ("", self.preview_version):
            raise Invalid(reasons.ERROR_REASON_VOICE_UNKNOWN, f"音色不存在: {request.voice}")
        self.previews.append(request.voice)
        file_id = f"voice_preview_{name}-{self.preview_version}.wav"
        if self.make_preview is not None:
            await self.make_preview(file_id)
        return voices.PrepareVoicePreviewResponse(file_id=file_id)

    def put_voice(self, voice: voices.ClonedVoice) -> None:
        voice.create_time.FromDatetime(self._clock.now())
        voice.update_time.FromDatetime(self._clock.now())
        self.cloned[voice.id] = voice

    async def ListClonedVoices(
        self, request: voices.ListClonedVoicesRequest, context: Context
    ) -> voices.ListClonedVoicesResponse:
        self.refusals.enter("ListClonedVoices")
        seen = [
            shown
            for voice in self.cloned.values()
            if (shown := _as_seen(voice)) is not None and voice.prefix.startswith(request.prefix)
        ]
        return voices.ListClonedVoicesResponse(voices=seen, total_size=len(seen))

    async def GetVoice(self, request: voices.GetVoiceRequest, context: Context) -> voices.GetVoiceResponse:
        self.refusals.enter("GetVoice")
        for preset in _VOICES:
            if preset.name == request.voice_id:
                return voices.GetVoiceResponse(preset=preset, preset_model="kokoro")
        shown = _as_seen(self._voice(request.voice_id))
        if shown is None:
            raise _unknown(request.voice_id)
        return voices.GetVoiceResponse(cloned=shown)

    async def CreateVoiceClone(
        self, request: voices.CreateVoiceCloneRequest, context: Context
    ) -> voices.CreateVoiceCloneResponse:
        self.refusals.enter("CreateVoiceClone")
        if not request.file_id and not request.audio_url.startswith("https://"):
            raise Invalid(reasons.ERROR_REASON_SAMPLE_UNREACHABLE, "音频链接格式不正确")
        given = {"voice_id": self._ids.random("voice_"), "file_id": request.file_id, "prefix": request.prefix}
        given["audio_url"] = request.audio_url
        return voices.CreateVoiceCloneResponse(task=self._clone(given))

    async def UpdateVoice(self, request: voices.UpdateVoiceRequest, context: Context) -> voices.UpdateVoiceResponse:
        self.refusals.enter("UpdateVoice")
        voice = self._voice(request.voice_id)
        given = {"voice_id": voice.id, "file_id": request.file_id, "prefix": voice.prefix}
        return voices.UpdateVoiceResponse(task=self._clone(given))

    async def DeleteVoice(self, request: voices.DeleteVoiceRequest, context: Context) -> voices.DeleteVoiceResponse:
        self.refusals.enter("DeleteVoice")
        del self.cloned[self._voice(request.voice_id).id]
        response = voices.DeleteVoiceResponse()
        response.delete_time.FromDatetime(self._clock.now())
        return response

    def _clone(self, given: dict[str, str]) -> task_pb2.Task:
        output = {"voice_id": given["voice_id"], "target_model": "parrot-1", "quality": "approximate"}
        return self.clones.make(task_pb2.TASK_KIND_VOICE_CLONE, given, output=output)

    def _voice(self, voice_id: str) -> voices.ClonedVoice:
        if voice_id not in self.cloned:
            raise _unknown(voice_id)
        return self.cloned[voice_id]


def _unknown(voice_id: str) -> NotFound:
    return NotFound(reasons.ERROR_REASON_VOICE_NOT_FOUND, f"音色不存在: {voice_id}")


def _as_seen(voice: voices.ClonedVoice) -> voices.ClonedVoice | None:
    """The voice as the caller may see it; None when they may not."""
    caller = current_call().principal
    if caller is not None and (caller.is_admin or caller.user_id == voice.owner_user_id):
        return voice
    if not voice.is_public:
        return None
    seen = voices.ClonedVoice()
    seen.CopyFrom(voice)
    for field in ("owner_user_id", "owner_account", "sample_file_id"):
        seen.ClearField(field)
    return seen
