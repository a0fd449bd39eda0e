"""Which service owns a task, told by its id, and how a request waits for one."""

from __future__ import annotations

from uuid import UUID

from edge.clients import Clients
from kit.errors import DeadlineExceeded, NotFound
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.task.v1 import task_pb2, task_service_pb2, task_service_pb2_grpc

WAIT_S = 30.0
_SPEECH_PREFIXES = ("tts_", "task_")
TERMINAL = frozenset({task_pb2.TASK_STATE_SUCCEEDED, task_pb2.TASK_STATE_FAILED, task_pb2.TASK_STATE_CANCELLED})


async def find_task(
    task_id: str,
    clients: Clients,
    *,
    view: task_service_pb2.TaskView.ValueType = task_service_pb2.TASK_VIEW_UNSPECIFIED,
) -> task_pb2.Task:
    """The task, from its owner. Raises NotFound, also for an id that nobody could have made."""
    response = await owner_of(task_id, clients).GetTask(task_service_pb2.GetTaskRequest(task_id=task_id, view=view))
    return response.task


async def find_own_task(task_id: str, clients: Clients) -> task_pb2.Task:
    """The task with all there is to see, for its owner and administrators. Raises NotFound for everybody else."""
    task = await find_task(task_id, clients)
    if not task.HasField("user_id"):
        raise task_not_found(task_id)
    return task


def owner_of(task_id: str, clients: Clients) -> task_service_pb2_grpc.TaskServiceAsyncStub:
    """The service that owns the task. Raises NotFound for an id that nobody could have made."""
    if task_id.startswith(_SPEECH_PREFIXES):
        return clients.speech_tasks
    if _is_uuid(task_id):
        return clients.video_tasks
    raise task_not_found(task_id)


def task_not_found(task_id: str) -> NotFound:
    """There is no such task, or not for this caller."""
    return NotFound(reasons.ERROR_REASON_TASK_NOT_FOUND, f"任务不存在: {task_id}")


async def wait_for_end(task: task_pb2.Task, clients: Clients, *, timeout_s: float = WAIT_S) -> task_pb2.Task:
    """The task when it has ended, or as it was last seen when the time is over."""
    latest = task
    request = task_service_pb2.WatchTaskRequest(task_id=task.id)
    try:
        async for response in owner_of(task.id, clients).WatchTask(request, timeout=timeout_s):
            latest = response.task
    except DeadlineExceeded:
        pass
    return latest


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
