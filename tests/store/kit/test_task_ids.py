"""TaskService answers NOT_FOUND to whatever text is no task's id, on both engines."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kit.clock import SystemClock
from kit.db.database import Database
from kit.errors import NotFound
from kit.rpc.client import Peer
from kit.rpc.observer import SilentObserver
from kit.rpc.server import RpcServer
from kit.tasks.notifier import TaskNotifier
from kit.tasks.servicer import TaskServicer
from tests.fakes.tokens import FakeTokens
from tests.sample_service import TASKS, make_tables, new_task, sample_units
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.task.v1 import task_service_pb2_grpc
from voxreel.task.v1.task_service_pb2 import GetTaskRequest, WatchTaskRequest

CLOCK = SystemClock()


@pytest.fixture
async def stub(database: Database) -> AsyncIterator[task_service_pb2_grpc.TaskServiceAsyncStub]:
    await make_tables(database)
    await sample_units(database, CLOCK).write(lambda unit: unit.tasks.create(new_task(1)))
    server = RpcServer("speech", verifier=FakeTokens(CLOCK).verifier, service_token="s", observer=SilentObserver())
    servicer = TaskServicer(database, TASKS, TaskNotifier(), units=sample_units(database, CLOCK))
    server.add(task_service_pb2_grpc.add_TaskServiceServicer_to_server, servicer)
    port = await server.start("127.0.0.1:0")
    async with Peer(f"127.0.0.1:{port}", caller="test", service_token="s") as peer:
        yield peer.stub(task_service_pb2_grpc.TaskServiceStub)
    await server.stop(0)


@pytest.mark.parametrize("task_id", ["", "tts_2", "tts_1\x00", "\x00", "任务", "'; --", "%s", "x" * 10_000])
async def test_what_is_no_id_is_not_found(stub: task_service_pb2_grpc.TaskServiceAsyncStub, task_id: str) -> None:
    with pytest.raises(NotFound) as got:
        await stub.GetTask(GetTaskRequest(task_id=task_id))
    assert got.value.reason == reasons.ERROR_REASON_TASK_NOT_FOUND
    with pytest.raises(NotFound) as watched:
        _ = [answer async for answer in stub.WatchTask(WatchTaskRequest(task_id=task_id))]
    assert watched.value.reason == reasons.ERROR_REASON_TASK_NOT_FOUND
    assert (await stub.GetTask(GetTaskRequest(task_id="tts_1"))).task.id == "tts_1"
