"""Tasks and engines of any service, as an edge sees them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable

from google.protobuf.timestamp_pb2 import Timestamp

from kit.errors import Forbidden, NotFound, Precondition
from kit.rpc.context import current_call, require_principal
from kit.rpc.server import Context
from tests.fakes.refusals import Refusals
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.engine.v1 import engine_service_pb2 as engines
from voxreel.engine.v1 import engine_service_pb2_grpc
from voxreel.task.v1 import task_pb2, task_service_pb2_grpc
from voxreel.task.v1 import task_service_pb2 as messages

TERMINAL = (task_pb2.TASK_STATE_SUCCEEDED, task_pb2.TASK_STATE_FAILED, task_pb2.TASK_STATE_CANCELLED)


class FakeTasks(task_service_pb2_grpc.TaskServiceServicer):
    """Keeps tasks in memory."""

    def __init__(self) -> None:
        self.refusals = Refusals()
        self.by_id: dict[str, task_pb2.Task] = {}
        self.read = 0
        # Whether who watches a task waits for ever, and how many do.
        self.is_slow = False
        self.watchers = 0
        # What happens to a task just before it is changed.
        self.before_update: Callable[[task_pb2.Task], None] | None = None

    def put(self, task: task_pb2.Task) -> None:
        self.by_id[task.id] = task

    async def GetTask(self, request: messages.GetTaskRequest, context: Context) -> messages.GetTaskResponse:
        self.refusals.enter("GetTask")
        if request.task_id not in self.by_id:
            raise NotFound(reasons.ERROR_REASON_TASK_NOT_FOUND, f"任务不存在: {request.task_id}")
        return messages.GetTaskResponse(task=_as_seen(self.by_id[request.task_id]))

    async def WatchTask(
        self, request: messages.WatchTaskRequest, context: Context
    ) -> AsyncIterator[messages.WatchTaskResponse]:
        found = await self.GetTask(messages.GetTaskRequest(task_id=request.task_id), context)
        yield messages.WatchTaskResponse(task=found.task)
        if self.is_slow:
            self.watchers += 1
            try:
                await asyncio.Event().wait()
            finally:
                self.watchers -= 1

    async def ListTasks(self, request: messages.ListTasksRequest, context: Context) -> messages.ListTasksResponse:
        self.refusals.enter("ListTasks")
        passing = self._passing(request.filter)
        begin = _key(request.begin.create_time, request.begin.task_id) if request.HasField("begin") else None
        shown = [task for task in passing if begin is None or _key_of(task) <= begin]
        page = shown[request.skip : request.skip + request.page_size]
        self.read += len(page)
        return messages.ListTasksResponse(tasks=page, total_size=len(passing))

    async def LocateTask(self, request: messages.LocateTaskRequest, context: Context) -> messages.LocateTaskResponse:
        self.refusals.enter("LocateTask")
        passing = self._passing(request.filter)
        if request.WhichOneof("sought") == "place":
            wanted = _key(request.place.create_time, request.place.task_id)
            return messages.LocateTaskResponse(
                position=sum(_key_of(task) > wanted for task in passing), place=request.place
            )
        found = passing[request.position : request.position + 1]
        place = messages.TaskPlace(create_time=found[0].create_time, task_id=found[0].id) if found else None
        return messages.LocateTaskResponse(position=request.position, place=place)

    async def SummarizeTasks(
        self, request: messages.SummarizeTasksRequest, context: Context
    ) -> messages.SummarizeTasksResponse:
        self.refusals.enter("SummarizeTasks")
        counted = Counter((task.kind, task.state) for task in self._passing(request.filter))
        counts = [messages.TaskCount(kind=kind, state=state, size=size) for (kind, state), size in counted.items()]
        return messages.SummarizeTasksResponse(counts=counts)

    async def ListTaskUsers(
        self, request: messages.ListTaskUsersRequest, context: Context
    ) -> messages.ListTaskUsersResponse:
        self.refusals.enter("ListTaskUsers")
        latest: dict[int, task_pb2.Task] = {}
        for task in sorted(self.by_id.values(), key=_key_of):
            latest[task.user_id] = task
        users = [messages.TaskUser(user_id=key, last_create_time=latest[key].create_time) for key in sorted(latest)]
        after = request.after_user_id if request.HasField("after_user_id") else -1
        return messages.ListTaskUsersResponse(
            users=[user for user in users if user.user_id > after][: request.page_size]
        )

    async def UpdateTask(self, request: messages.UpdateTaskRequest, context: Context) -> messages.UpdateTaskResponse:
        self.refusals.enter("UpdateTask")
        task = self._own(request.task_id)
        if self.before_update is not None:
            self.before_update(task)
        if task.state in TERMINAL and not (request.cancels and task.state == task_pb2.TASK_STATE_CANCELLED):
            raise Precondition(reasons.ERROR_REASON_TASK_FINISHED, "任务已结束，不能修改")
        for field in ("progress", "stage", "error_message"):
            if request.HasField(field):
                setattr(task, field, getattr(request, field))
        if request.cancels:
            task.state = task_pb2.TASK_STATE_CANCELLED
        return messages.UpdateTaskResponse(task=task)

    async def DeleteTask(self, request: messages.DeleteTaskRequest, context: Context) -> messages.DeleteTaskResponse:
        self.refusals.enter("DeleteTask")
        del self.by_id[self._own(request.task_id).id]
        return messages.DeleteTaskResponse()

    def _own(self, task_id: str) -> task_pb2.Task:
        task = self.by_id.get(task_id)
        if task is None or task.user_id != require_principal().user_id:
            raise NotFound(reasons.ERROR_REASON_TASK_NOT_FOUND, f"任务不存在: {task_id}")
        return task

    def _passing(self, wanted: messages.TaskFilter) -> list[task_pb2.Task]:
        caller = require_principal()
        user_id: int | None = caller.user_id
        if wanted.scope == messages.TASK_SCOPE_EVERYBODY:
            if not caller.is_admin:
                raise Forbidden(reasons.ERROR_REASON_ADMIN_REQUIRED, "需要管理员权限")
            user_id = wanted.user_id if wanted.HasField("user_id") else None
        return sorted(
            (
                task
                for task in self.by_id.values()
                if user_id in (None, task.user_id)
                and (not wanted.kinds or task.kind in wanted.kinds)
                and (not wanted.states or task.state in wanted.states)
            ),
            key=_key_of,
            reverse=True,
        )


class FakeEngines(engine_service_pb2_grpc.EngineServiceServicer):
    """Lists the engines it was given."""

    def __init__(self, *capabilities: str) -> None:
        self.refusals = Refusals()
        self.engines = [
            engines.Engine(name="fake", capability=capability, is_available=True, is_selected=True)
            for capability in capabilities
        ]

    async def ListEngines(self, request: engines.ListEnginesRequest, context: Context) -> engines.ListEnginesResponse:
        self.refusals.enter("ListEngines")
        return engines.ListEnginesResponse(engines=self.engines)


def _as_seen(task: task_pb2.Task) -> task_pb2.Task:
    """Without what only the owner and administrators see, for everybody else."""
    caller = current_call().principal
    if caller is not None and (caller.is_admin or caller.user_id == task.user_id):
        return task
    seen = task_pb2.Task()
    seen.CopyFrom(task)
    seen.ClearField("user_id")
    seen.ClearField("input")
    return seen


def _key_of(task: task_pb2.Task) -> tuple[int, int, str]:
    return _key(task.create_time, task.id)


def _key(stamp: Timestamp, task_id: str) -> tuple[int, int, str]:
    return stamp.seconds, stamp.nanos, task_id
