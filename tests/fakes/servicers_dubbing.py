"""What speech has for dubbing, as an edge sees it: the catalogue, custom voices, the history."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kit.clock import Clock
from kit.errors import NotFound
from kit.rpc.context import require_principal
from kit.rpc.server import Context
from tests.fakes.refusals import Refusals
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.speech.v1 import custom_voice_service_pb2 as custom_voices
from voxreel.speech.v1 import custom_voice_service_pb2_grpc, history_service_pb2_grpc, template_service_pb2_grpc
from voxreel.speech.v1 import history_service_pb2 as history
from voxreel.speech.v1 import template_service_pb2 as templates
from voxreel.speech.v1 import voice_service_pb2 as voices

SAMPLE, AVATAR = "voice_template_1_sample_0123456789ab.wav", "voice_template_1_avatar_0123456789ab.png"


class FakeTemplates(template_service_pb2_grpc.TemplateServiceServicer):
    """One tag and one voice. The requests for lists are kept."""

    def __init__(self, clock: Clock) -> None:
        self.refusals = Refusals()
        self.listed: list[templates.ListVoiceTemplatesRequest] = []
        # What a test does when a file is to be made.
        self.make_file: Callable[[str], Awaitable[None]] | None = None
        self.tag = templates.VoiceTag(
            id=1, name="商务", category="场景", description="适合商务场合", use_count=150, sort_order=1
        )
        self.template = templates.VoiceTemplate(
            id=1,
            name="知性女声",
            description="成熟稳重",
            gender=voices.GENDER_FEMALE,
            age_range=templates.AGE_RANGE_MIDDLE,
            tags=["商务", "中文"],
            category="广告旁白",
            style="稳重大气",
            sample_duration_ms=5200,
            sort_order=1,
            use_count=520,
            sample_file_id=SAMPLE,
            avatar_file_id=AVATAR,
        )
        self.template.create_time.FromDatetime(clock.now())

    async def ListVoiceTags(
        self, request: templates.ListVoiceTagsRequest, context: Context
    ) -> templates.ListVoiceTagsResponse:
        self.refusals.enter("ListVoiceTags")
        is_wanted = not request.HasField("category") or request.category == self.tag.category
        return templates.ListVoiceTagsResponse(tags=[self.tag] if is_wanted else [])

    async def ListVoiceTemplates(
        self, request: templates.ListVoiceTemplatesRequest, context: Context
    ) -> templates.ListVoiceTemplatesResponse:
        self.refusals.enter("ListVoiceTemplates")
        self.listed.append(request)
        page = [] if request.skip else [self.template]
        return templates.ListVoiceTemplatesResponse(templates=page, total_size=1)

    async def GetVoiceTemplate(
        self, request: templates.GetVoiceTemplateRequest, context: Context
    ) -> templates.GetVoiceTemplateResponse:
        self.refusals.enter("GetVoiceTemplate")
        if request.template_id != self.template.id:
            raise _no_template()
        return templates.GetVoiceTemplateResponse(template=self.template)

    async def PrepareTemplateFile(
        self, request: templates.PrepareTemplateFileRequest, context: Context
    ) -> templates.PrepareTemplateFileResponse:
        self.refusals.enter("PrepareTemplateFile")
        if request.file_id not in (SAMPLE, AVATAR):
            raise _no_template()
        if self.make_file is not None:
            await self.make_file(request.file_id)
        return templates.PrepareTemplateFileResponse(file_id=request.file_id)


class FakeCustomVoices(custom_voice_service_pb2_grpc.CustomVoiceServiceServicer):
    """Every file is ten seconds of speech; a file is a duplicate when its name was there before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.refusals = Refusals()
        self.created: list[tuple[int, custom_voices.CreateCustomVoiceRequest, custom_voices.CustomVoice]] = []

    async def CreateCustomVoice(
        self, request: custom_voices.CreateCustomVoiceRequest, context: Context
    ) -> custom_voices.CreateCustomVoiceResponse:
        self.refusals.enter("CreateCustomVoice")
        user_id = require_principal().user_id
        for owner_id, _request, former in self.created:
            if (owner_id, former.name) == (user_id, request.name):
                return custom_voices.CreateCustomVoiceResponse(voice=former, is_duplicate=True)
        voice = custom_voices.CustomVoice(
            id=100 + len(self.created),
            name=request.name,
            description=request.description,
            size_bytes=1024000,
            duration_ms=10_500,
        )
        voice.create_time.FromDatetime(self._clock.now())
        self.created.append((user_id, request, voice))
        return custom_voices.CreateCustomVoiceResponse(voice=voice)

    async def ListCustomVoices(
        self, request: custom_voices.ListCustomVoicesRequest, context: Context
    ) -> custom_voices.ListCustomVoicesResponse:
        self.refusals.enter("ListCustomVoices")
        return custom_voices.ListCustomVoicesResponse(voices=self._own())

    async def GetCustomVoice(
        self, request: custom_voices.GetCustomVoiceRequest, context: Context
    ) -> custom_voices.GetCustomVoiceResponse:
        self.refusals.enter("GetCustomVoice")
        for voice in self._own():
            if voice.id == request.voice_id:
                return custom_voices.GetCustomVoiceResponse(voice=voice)
        message = "Custom voice not found or access denied"
        raise NotFound(reasons.ERROR_REASON_CUSTOM_VOICE_NOT_FOUND, message)

    def _own(self) -> list[custom_voices.CustomVoice]:
        user_id = require_principal().user_id
        return [voice for owner_id, _request, voice in self.created if owner_id == user_id]


class FakeHistory(history_service_pb2_grpc.HistoryServiceServicer):
    """Pieces by their owners."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.refusals = Refusals()
        self.pieces: list[tuple[int, history.Dubbing]] = []
        self.ids_of_tasks: dict[str, int] = {}

    def put(self, user_id: int, piece: history.Dubbing, *, task_id: str = "") -> None:
        piece.create_time.FromDatetime(self._clock.now())
        self.pieces.append((user_id, piece))
        self.ids_of_tasks[task_id] = piece.id

    async def ListDubbings(
        self, request: history.ListDubbingsRequest, context: Context
    ) -> history.ListDubbingsResponse:
        self.refusals.enter("ListDubbings")
        own = self._own()[::-1]
        page = own[request.skip :][: request.page_size]
        return history.ListDubbingsResponse(dubbings=page, total_size=len(own))

    async def GetDubbing(self, request: history.GetDubbingRequest, context: Context) -> history.GetDubbingResponse:
        self.refusals.enter("GetDubbing")
        is_by_task = request.WhichOneof("key") == "task_id"
        dubbing_id = self.ids_of_tasks.get(request.task_id, 0) if is_by_task else request.dubbing_id
        return history.GetDubbingResponse(dubbing=self._piece(dubbing_id))

    async def DeleteDubbing(
        self, request: history.DeleteDubbingRequest, context: Context
    ) -> history.DeleteDubbingResponse:
        self.refusals.enter("DeleteDubbing")
        self.pieces.remove((require_principal().user_id, self._piece(request.dubbing_id)))
        return history.DeleteDubbingResponse()

    def _own(self) -> list[history.Dubbing]:
        user_id = require_principal().user_id
        return [piece for owner_id, piece in self.pieces if owner_id == user_id]

    def _piece(self, dubbing_id: int) -> history.Dubbing:
        for piece in self._own():
            if piece.id == dubbing_id:
                return piece
        raise NotFound(reasons.ERROR_REASON_HISTORY_NOT_FOUND, "Audio history not found or access denied")


def _no_template() -> NotFound:
    return NotFound(reasons.ERROR_REASON_VOICE_TEMPLATE_NOT_FOUND, "Voice template not found")
