"""HistoryService of the contract."""

from __future__ import annotations

from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.rpc.times import timestamp_of
from services.speech.domain.history import Dubbing, EmotionControl
from services.speech.domain.speakers import CustomChoice, TemplateChoice
from services.speech.rpc.pages import check_page
from services.speech.usecases.history import DubbingHistory
from voxreel.speech.v1 import history_service_pb2 as messages
from voxreel.speech.v1 import history_service_pb2_grpc

_CONTROLS: dict[EmotionControl, messages.EmotionControl.ValueType] = {
    EmotionControl.SAME_AS_REFERENCE: messages.EMOTION_CONTROL_SAME_AS_REFERENCE,
    EmotionControl.EMOTION_REFERENCE: messages.EMOTION_CONTROL_EMOTION_REFERENCE,
    EmotionControl.VECTOR: messages.EMOTION_CONTROL_VECTOR,
    EmotionControl.TEXT: messages.EMOTION_CONTROL_TEXT,
}


class HistoryServicer(history_service_pb2_grpc.HistoryServiceServicer):
    """Parses, calls one use case, maps the result."""

    def __init__(self, history: DubbingHistory) -> None:
        self._history = history

    async def ListDubbings(
        self, request: messages.ListDubbingsRequest, _context: Context
    ) -> messages.ListDubbingsResponse:
        check_page(request.page_size, request.skip)
        user_id = require_principal().user_id
        found, total = await self._history.page(user_id, size=request.page_size, skip=request.skip)
        return messages.ListDubbingsResponse(dubbings=map(_to_proto, found), total_size=total)

    async def GetDubbing(self, request: messages.GetDubbingRequest, _context: Context) -> messages.GetDubbingResponse:
        user_id = require_principal().user_id
        if request.WhichOneof("key") == "task_id":
            found = await self._history.of_task(user_id, request.task_id)
        else:
            found = await self._history.get(user_id, request.dubbing_id)
        return messages.GetDubbingResponse(dubbing=_to_proto(found))

    async def DeleteDubbing(
        self, request: messages.DeleteDubbingRequest, _context: Context
    ) -> messages.DeleteDubbingResponse:
        await self._history.delete(require_principal().user_id, request.dubbing_id)
        return messages.DeleteDubbingResponse()


def _to_proto(dubbing: Dubbing) -> messages.Dubbing:
    message = messages.Dubbing(
        id=dubbing.id,
        text=dubbing.text,
        emotion_control=_CONTROLS[dubbing.emotion_control],
        file_id=dubbing.file_id,
        size_bytes=dubbing.size_bytes,
        duration_ms=dubbing.duration_ms,
        credits_used=dubbing.credits_used,
        create_time=timestamp_of(dubbing.create_time),
    )
    match dubbing.voice:
        case TemplateChoice(template_id):
            message.voice_template_id = template_id
        case CustomChoice(custom_voice_id):
            message.custom_voice_id = custom_voice_id
    return message
