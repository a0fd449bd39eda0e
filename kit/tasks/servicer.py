"""voxreel.task.v1.TaskService over any task table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from sqlalchemy import Table

from kit.db.database import Database
from kit.errors import NotFound
from kit.rpc.context import current_call, require_principal
from kit.rpc.server import Context
from kit.rpc.sets import CallInSet, Outcome, SetMethod, alone
from kit.rpc.times import timestamp_of
from kit.tasks.events import proto_kind, proto_state
from kit.tasks.machine import is_terminal
from kit.tasks.mapping import (
    amendment_from_proto,
    field_invalid,
    filter_from_proto,
    is_shown_to,
    message_of,
    place_from_proto,
    place_to_proto,
)
from kit.tasks.model import Task
from kit.tasks.notifier import TaskNotifier
from kit.tasks.pages import TaskPages
from kit.tasks.rows import find_tasks
from kit.tasks.units import TaskUnits
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.task.v1 import task_pb2
from voxreel.task.v1 import task_service_pb2 as messages
from voxreel.task.v1.task_service_pb2_grpc import TaskServiceServicer

# Changes made by other processes are found by looking.
_POLL_S = 0.5
_MAX_PAGE = 100
# What a database takes as an offset.
_MAX_POSITION = 2**31 - 1
_MAX_USERS = 20_000


class TaskServicer(TaskServiceServicer):
    """Answers whoever knows an id; the input and the owner only to the owner and to administrators."""

    def __init__(self, database: Database, table: Table, notifier: TaskNotifier, *, units: TaskUnits) -> None:
        self._database = database
        self._table = table
        self._notifier = notifier
        self._units = units
        self._pages = TaskPages(database, table)

    def sets(self) -> Mapping[str, SetMethod]:
        """The methods that answer many calls at once, by name: what clients ask again and again."""
        return {"GetTask": self.get_tasks}

    async def GetTask(self, request: messages.GetTaskRequest, _context: Context) -> messages.GetTaskResponse:
        return await alone(self.get_tasks, request)

    async def get_tasks(
        self, calls: Sequence[CallInSet[messages.GetTaskRequest]]
    ) -> list[Outcome[messages.GetTaskResponse]]:
        found = await self._read({call.request.task_id for call in calls})
        # Who waits for a task asks for it from several places at once: those who see the same of it share a message.
        shared: dict[tuple[str, bool, int], messages.GetTaskResponse] = {}
        return [_outcome(call, found.get(call.request.task_id), shared) for call in calls]

    async def WatchTask(
        self, request: messages.WatchTaskRequest, _context: Context
    ) -> AsyncIterator[messages.WatchTaskResponse]:
        principal = current_call().principal
        sent: task_pb2.Task | None = None
        with self._notifier.watch(request.task_id) as wakeup:
            while True:
                task = (await self._read({request.task_id})).get(request.task_id)
                if task is None:
                    raise _not_found()
                message = message_of(task, principal)
                if message != sent:
                    yield messages.WatchTaskResponse(task=message)
                    sent = message
                if is_terminal(task.state):
                    return
                await wakeup.wait(_POLL_S)

    async def ListTasks(self, request: messages.ListTasksRequest, _context: Context) -> messages.ListTasksResponse:
        viewer = require_principal()
        wanted = filter_from_proto(request.filter, viewer)
        if not 1 <= request.page_size <= _MAX_PAGE or request.skip < 0:
            raise field_invalid(f"每页数量必须在 1 到 {_MAX_PAGE} 之间")
        begin = place_from_proto(request.begin) if request.HasField("begin") else None
        tasks, total = await self._pages.page(wanted, limit=request.page_size, skip=request.skip, begin=begin)
        return messages.ListTasksResponse(tasks=[message_of(task, viewer) for task in tasks], total_size=total)

    async def LocateTask(self, request: messages.LocateTaskRequest, _context: Context) -> messages.LocateTaskResponse:
        wanted = filter_from_proto(request.filter, require_principal())
        if request.WhichOneof("sought") == "place":
            before = await self._pages.count_before(wanted, place_from_proto(request.place))
            return messages.LocateTaskResponse(position=before, place=request.place)
        if not 0 <= request.position <= _MAX_POSITION:
            raise field_invalid("位置超出范围")
        place = await self._pages.place_at(wanted, request.position)
        return messages.LocateTaskResponse(
            position=request.position, place=None if place is None else place_to_proto(place)
        )

    async def SummarizeTasks(
        self, request: messages.SummarizeTasksRequest, _context: Context
    ) -> messages.SummarizeTasksResponse:
        counts = await self._pages.counts(filter_from_proto(request.filter, require_principal()))
        return messages.SummarizeTasksResponse(
            counts=[
                messages.TaskCount(kind=proto_kind(kind), state=proto_state(state), size=size)
                for (kind, state), size in counts.items()
            ]
        )

    async def ListTaskUsers(
        self, request: messages.ListTaskUsersRequest, _context: Context
    ) -> messages.ListTaskUsersResponse:
        if not 1 <= request.page_size <= _MAX_USERS:
            raise field_invalid(f"每页数量必须在 1 到 {_MAX_USERS} 之间")
        after = request.after_user_id if request.HasField("after_user_id") else None
        users = await self._pages.users(after_user_id=after, limit=request.page_size)
        return messages.ListTaskUsersResponse(
            users=[messages.TaskUser(user_id=user_id, last_create_time=timestamp_of(last)) for user_id, last in users]
        )

    async def UpdateTask(self, request: messages.UpdateTaskRequest, _context: Context) -> messages.UpdateTaskResponse:
        viewer = require_principal()
        task_id, shown = request.task_id, amendment_from_proto(request)
        if request.cancels:
            task = await self._units.write(lambda unit: unit.tasks.cancel_own(task_id, viewer.user_id, shown))
        else:
            task = await self._units.write(lambda unit: unit.tasks.amend_own(task_id, viewer.user_id, shown))
        self._notifier.changed(task_id)
        return messages.UpdateTaskResponse(task=message_of(task, viewer))

    async def DeleteTask(self, request: messages.DeleteTaskRequest, _context: Context) -> messages.DeleteTaskResponse:
        user_id, task_id = require_principal().user_id, request.task_id
        await self._units.write(lambda unit: unit.tasks.delete_own(task_id, user_id))
        self._notifier.changed(task_id)
        return messages.DeleteTaskResponse()

    async def _read(self, task_ids: Collection[str]) -> dict[str, Task]:
        wanted = list(task_ids)
        return await self._database.read(lambda connection: find_tasks(connection, self._table, task_ids=wanted))


def _outcome(
    call: CallInSet[messages.GetTaskRequest],
    task: Task | None,
    shared: dict[tuple[str, bool, int], messages.GetTaskResponse],
) -> Outcome[messages.GetTaskResponse]:
    if task is None:
        return _not_found()
    viewer, view = call.context.principal, call.request.view
    sight = (task.id, is_shown_to(viewer, task), view)
    response = shared.get(sight)
    if response is None:
        response = shared[sight] = messages.GetTaskResponse(task=message_of(task, viewer, view=view))
    return response


def _not_found() -> NotFound:
    return NotFound(reasons.ERROR_REASON_TASK_NOT_FOUND, "任务不存在")
