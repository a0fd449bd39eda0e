"""voxreel.task.v1.TaskService over any task table."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sqlalchemy import Table

from kit.db.database import Database
from kit.errors import NotFound
from kit.rpc.context import Principal, current_call
from kit.rpc.server import Context
from kit.rpc.times import timestamp_of
from kit.tasks.events import proto_kind, proto_state
from kit.tasks.machine import is_terminal
from kit.tasks.model import Task
from kit.tasks.notifier import TaskNotifier
from kit.tasks.rows import find_task
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.task.v1 import task_pb2
from voxreel.task.v1.task_service_pb2 import (
    GetTaskRequest,
    GetTaskResponse,
    WatchTaskRequest,
    WatchTaskResponse,
)
from voxreel.task.v1.task_service_pb2_grpc import TaskServiceServicer

# Changes made by other processes are found by looking.
_POLL_S = 0.5


class TaskServicer(TaskServiceServicer):
    """Answers whoever knows an id; the input and the owner only to the owner and to administrators."""

    def __init__(self, database: Database, table: Table, notifier: TaskNotifier) -> None:
        self._database = database
        self._table = table
        self._notifier = notifier

    async def GetTask(self, request: GetTaskRequest, _context: Context) -> GetTaskResponse:
        task = await self._read(request.task_id)
        return GetTaskResponse(task=message_of(task, current_call().principal))

    async def WatchTask(self, request: WatchTaskRequest, _context: Context) -> AsyncIterator[WatchTaskResponse]:
        principal = current_call().principal
        sent: task_pb2.Task | None = None
        with self._notifier.watch(request.task_id) as wakeup:
            while True:
                task = await self._read(request.task_id)
                message = message_of(task, principal)
                if message != sent:
                    yield WatchTaskResponse(task=message)
                    sent = message
                if is_terminal(task.state):
                    return
                await wakeup.wait(_POLL_S)

    async def _read(self, task_id: str) -> Task:
        task = await self._database.read(lambda connection: find_task(connection, self._table, task_id=task_id))
        if task is None:
            raise NotFound(reasons.ERROR_REASON_TASK_NOT_FOUND, "任务不存在")
        return task


def message_of(task: Task, viewer: Principal | None) -> task_pb2.Task:
    """The task as the viewer may see it; None is anybody."""
    message = task_pb2.Task(
        id=task.id,
        kind=proto_kind(task.kind),
        state=proto_state(task.state),
        progress=task.progress,
        stage=task.stage,
        credits=task.credits,
        error_reason=task.error_reason,
        error_message=task.error_message,
        create_time=timestamp_of(task.create_time),
        update_time=timestamp_of(task.update_time),
        finish_time=None if task.finish_time is None else timestamp_of(task.finish_time),
    )
    if task.output is not None:
        message.output.update(dict(task.output))
    if viewer is not None and (viewer.is_admin or viewer.user_id == task.user_id):
        message.user_id = task.user_id
        message.input.update(dict(task.input))
    return message
