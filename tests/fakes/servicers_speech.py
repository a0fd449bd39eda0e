"""Speech as an edge sees it: accepting syntheses, their tasks, voices and engines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kit.clock import Clock
from kit.errors import Invalid
from kit.ids import IdSource
from kit.rpc.context import require_principal
from kit.rpc.server import Context
from tests.fakes.refusals import Refusals
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
        self.accepted: dict[tuple[int, str], tuple[synthesis.CreateSynthesisRequest, str]] = {}

    async def CreateSynthesis(
        self, request: synthesis.CreateSynthesisRequest, context: Context
    ) -> synthesis.CreateSynthesisResponse:
        self.refusals.enter("CreateSynthesis")
        user_id = require_principal().user_id
        if request.voice not in {voice.name for voice in _VOICES}:
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
        if request.voice not in {voice.name for voice in _VOICES}:
            raise Invalid(reasons.ERROR_REASON_VOICE_UNKNOWN, f"音色不存在: {request.voice}")
        self.previews.append(request.voice)
        if self.make_preview is not None:
            await self.make_preview(request.voice)
        return voices.PrepareVoicePreviewResponse(file_id=f"voice_preview_{request.voice}.wav")
