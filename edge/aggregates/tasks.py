"""Which service owns a task, told by its id."""

from __future__ import annotations

from uuid import UUID

from edge.clients import Clients
from kit.errors import NotFound
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.task.v1 import task_pb2, task_service_pb2, task_service_pb2_grpc

_SPEECH_PREFIXES = ("tts_", "task_")


async def find_task(task_id: str, clients: Clients) -> task_pb2.Task:
    """The task, from its owner. Raises NotFound, also for an id that nobody could have made."""
    response = await _owner_of(task_id, clients).GetTask(task_service_pb2.GetTaskRequest(task_id=task_id))
    return response.task


def _owner_of(task_id: str, clients: Clients) -> task_service_pb2_grpc.TaskServiceAsyncStub:
    if task_id.startswith(_SPEECH_PREFIXES):
        return clients.speech_tasks
    if _is_uuid(task_id):
        return clients.video_tasks
    raise NotFound(reasons.ERROR_REASON_TASK_NOT_FOUND, f"任务不存在: {task_id}")


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
