"""Speech recognition of an uploaded file, or of one that is stored already."""

from __future__ import annotations

from aiohttp import web

from edge.aggregates.capabilities import usable_capabilities
from edge.aggregates.tasks import wait_for_end
from edge.endpoint import Call, NoInput
from edge.errors import shape_error
from edge.platform_api.models.recognition import RecognitionOut
from edge.platform_api.render_tasks import task_error
from edge.transfer.upload import UploadTarget, receive_file_or_text
from kit.errors import Unavailable
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as files
from voxreel.speech.v1 import recognition_service_pb2 as messages
from voxreel.task.v1 import task_pb2

FILE_ID_FIELD = "file_id"
_CAPABILITY = "speech_recognition"
_MAX_ID_CHARACTERS = 512


async def recognize(_given: NoInput, call: Call, request: web.Request) -> RecognitionOut:
    """Accepts a recognition and waits for it for a while."""
    clients = call.shared.clients
    file_id = await _source(call, request)
    response = await clients.recognition.CreateRecognition(
        messages.CreateRecognitionRequest(request_id=call.request_key, file_id=file_id)
    )
    task = await wait_for_end(response.task, clients)
    if task.state == task_pb2.TASK_STATE_SUCCEEDED:
        return {"task_id": task.id, "status": "completed", "message": "处理完成"}
    error = task_error(task)
    if error:
        return {"task_id": task.id, "status": "failed", "message": "处理失败", "error": error}
    return {"task_id": task.id, "status": "processing", "message": "任务已提交，正在处理中"}


async def _source(call: Call, request: web.Request) -> str:
    """The id of the file, which the form names or brings."""
    if _CAPABILITY not in await usable_capabilities(call.shared.clients):
        # Before a large file is stored for nothing.
        raise Unavailable(reasons.ERROR_REASON_ENGINE_UNAVAILABLE, "语音识别引擎暂不可用，请稍后重试")
    received = await receive_file_or_text(
        request,
        UploadTarget(files.STORAGE_TYPE_TEMP, file_type=""),
        text_field=FILE_ID_FIELD,
        files=call.shared.clients.files,
        blobs=call.shared.blobs,
    )
    if isinstance(received, files.File):
        return received.id
    if not 0 < len(received) <= _MAX_ID_CHARACTERS or "\x00" in received:
        raise shape_error(f"参数 {FILE_ID_FIELD} 的格式不正确")
    return received
