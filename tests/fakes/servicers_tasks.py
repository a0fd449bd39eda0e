"""Tasks and engines of any service, as an edge sees them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from kit.errors import NotFound
from kit.rpc.server import Context
from tests.fakes.refusals import Refusals
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.engine.v1 import engine_service_pb2 as engines
from voxreel.engine.v1 import engine_service_pb2_grpc
from voxreel.task.v1 import task_pb2, task_service_pb2, task_service_pb2_grpc


class FakeTasks(task_service_pb2_grpc.TaskServiceServicer):
    """Keeps tasks in memory."""

    def __init__(self) -> None:
        self.refusals = Refusals()
        self.by_id: dict[str, task_pb2.Task] = {}

    def put(self, task: task_pb2.Task) -> None:
        self.by_id[task.id] = task

    async def GetTask(
        self, request: task_service_pb2.GetTaskRequest, context: Context
    ) -> task_service_pb2.GetTaskResponse:
        self.refusals.enter("GetTask")
        if request.task_id not in self.by_id:
            raise NotFound(reasons.ERROR_REASON_TASK_NOT_FOUND, f"任务不存在: {request.task_id}")
        return task_service_pb2.GetTaskResponse(task=self.by_id[request.task_id])

    async def WatchTask(
        self, request: task_service_pb2.WatchTaskRequest, context: Context
    ) -> AsyncIterator[task_service_pb2.WatchTaskResponse]:
        found = await self.GetTask(task_service_pb2.GetTaskRequest(task_id=request.task_id), context)
        yield task_service_pb2.WatchTaskResponse(task=found.task)


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
