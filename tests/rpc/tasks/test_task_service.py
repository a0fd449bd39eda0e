"""TaskService over a task table: what callers see, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToDict

from kit.clock import SystemClock
from kit.db.uow import Units
from kit.errors import DomainError, Forbidden, Invalid, NotFound, Precondition
from kit.rpc.client import Peer
from kit.rpc.context import CallContext, bind_call, unbind_call
from kit.rpc.observer import SilentObserver
from kit.rpc.server import RpcServer
from kit.tasks.model import TaskState
from kit.tasks.notifier import TaskNotifier
from kit.tasks.servicer import TaskServicer
from tests.databases import open_database
from tests.fakes.tokens import FakeTokens
from tests.sample_service import METADATA, TASKS, SampleUnit, new_task, sample_units
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.task.v1 import task_pb2, task_service_pb2_grpc
from voxreel.task.v1 import task_service_pb2 as messages
from voxreel.task.v1.task_service_pb2 import GetTaskRequest, WatchTaskRequest

CLOCK = SystemClock()


@dataclass
class World:
    stub: task_service_pb2_grpc.TaskServiceAsyncStub
    units: Units[SampleUnit]
    notifier: TaskNotifier
    tokens: FakeTokens

    async def ask(self) -> None:
        def work(unit: SampleUnit) -> None:
            task = unit.tasks.create(new_task(1, user_id=7))
            unit.tasks.queue(task.id, hold_id="hold", credits=10)

        await self.units.write(work)

    async def finish(self) -> None:
        def work(unit: SampleUnit) -> None:
            task = unit.tasks.leases.claim("tts_1", "w1#1", lease_s=30)
            assert task is not None
            unit.tasks.leases.succeed(task.lease, {"url": "音频", "parts": [1, 2.5, None, {"is_last": True}]})

        await self.units.write(work)

    @contextmanager
    def caller(self, user_id: int, *, is_admin: bool = False) -> Iterator[None]:
        token = bind_call(CallContext(access_token=self.tokens.issue(user_id, is_admin=is_admin)))
        try:
            yield
        finally:
            unbind_call(token)

    async def get(self) -> task_pb2.Task:
        return (await self.stub.GetTask(GetTaskRequest(task_id="tts_1"))).task


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    tokens, notifier = FakeTokens(CLOCK), TaskNotifier()
    async with open_database(f"sqlite:///{tmp_path / 'test.db'}", METADATA) as database:
        server = RpcServer("speech", verifier=tokens.verifier, service_token="s", observer=SilentObserver())
        units = sample_units(database, CLOCK)
        servicer = TaskServicer(database, TASKS, notifier, units=units)
        server.add(task_service_pb2_grpc.add_TaskServiceServicer_to_server, servicer, sets=servicer.sets())
        port = await server.start("127.0.0.1:0")
        async with Peer(f"127.0.0.1:{port}", caller="test", service_token="s") as peer:
            yield World(peer.stub(task_service_pb2_grpc.TaskServiceStub), units, notifier, tokens)
        await server.stop(0)


async def test_anybody_sees_the_result_but_neither_the_words_nor_the_owner(world: World) -> None:
    await world.ask()
    await world.finish()
    task = await world.get()
    assert (task.kind, task.state) == (task_pb2.TASK_KIND_TTS, task_pb2.TASK_STATE_SUCCEEDED)
    assert (task.progress, task.stage, task.credits) == (100, "completed", 10)
    output = MessageToDict(task.output)
    assert output == {"url": "音频", "parts": [1.0, 2.5, None, {"is_last": True}]}
    assert not task.HasField("user_id") and not task.HasField("input")
    assert task.finish_time.ToDatetime() >= task.create_time.ToDatetime()


async def test_a_stranger_sees_as_much_as_anybody(world: World) -> None:
    await world.ask()
    with world.caller(8):
        task = await world.get()
    assert not task.HasField("user_id") and not task.HasField("input")


@pytest.mark.parametrize(("user_id", "is_admin"), [(7, False), (1, True)])
async def test_the_owner_and_administrators_see_all(world: World, user_id: int, is_admin: bool) -> None:
    await world.ask()
    with world.caller(user_id, is_admin=is_admin):
        task = await world.get()
    assert task.user_id == 7
    assert MessageToDict(task.input) == new_task().input
    assert not task.HasField("output") and not task.HasField("finish_time")


async def test_who_wants_the_result_alone_is_not_sent_the_input(world: World) -> None:
    await world.ask()
    await world.finish()
    request = GetTaskRequest(task_id="tts_1", view=messages.TASK_VIEW_RESULT)
    with world.caller(7):
        task = (await world.stub.GetTask(request)).task
    assert task.user_id == 7 and task.HasField("output")
    assert not task.HasField("input")


async def test_many_who_ask_at_once_each_see_what_they_may(world: World) -> None:
    await world.ask()

    async def seen_by(user_id: int | None, task_id: str) -> task_pb2.Task | DomainError:
        token = None if user_id is None else world.tokens.issue(user_id, is_admin=False)
        bound = bind_call(CallContext(access_token=token or ""))
        try:
            return (await world.stub.GetTask(GetTaskRequest(task_id=task_id))).task
        except DomainError as error:
            return error
        finally:
            unbind_call(bound)

    asked = [(7, "tts_1"), (8, "tts_1"), (None, "tts_1"), (7, "tts_2"), (7, "\0"), (None, "tts_1"), (7, "tts_1")] * 9
    for (user_id, task_id), found in zip(asked, await asyncio.gather(*(seen_by(*one) for one in asked)), strict=True):
        if task_id != "tts_1":
            assert isinstance(found, NotFound)
        else:
            assert isinstance(found, task_pb2.Task)
            assert found.HasField("input") is (user_id == 7)


async def test_an_unknown_task_is_not_found(world: World) -> None:
    with pytest.raises(NotFound) as caught:
        await world.get()
    assert caught.value.reason == reasons.ERROR_REASON_TASK_NOT_FOUND
    with pytest.raises(NotFound):
        async for _ in world.stub.WatchTask(WatchTaskRequest(task_id="tts_1")):
            pytest.fail("there is nothing to see")


@pytest.mark.parametrize("is_told", [True, False], ids=["told by this process", "found by looking"])
async def test_a_watcher_sees_each_change_until_the_end(world: World, is_told: bool) -> None:
    await world.ask()
    states = []
    async for response in world.stub.WatchTask(WatchTaskRequest(task_id="tts_1")):
        states.append(response.task.state)
        if response.task.state == task_pb2.TASK_STATE_QUEUED:
            await world.finish()
            if is_told:
                world.notifier.changed("tts_1")
    assert states == [task_pb2.TASK_STATE_QUEUED, task_pb2.TASK_STATE_SUCCEEDED]


async def test_watching_what_has_ended_ends_at_once(world: World) -> None:
    await world.ask()
    await world.units.write(lambda unit: unit.tasks.cancel("tts_1"))
    states = [r.task.state async for r in world.stub.WatchTask(WatchTaskRequest(task_id="tts_1"))]
    assert states == [task_pb2.TASK_STATE_CANCELLED]
    assert (await world.units.read(lambda unit: unit.tasks.get("tts_1"))).state is TaskState.CANCELLED


async def test_lists_are_ones_own_and_administrators_may_ask_for_all(world: World) -> None:
    def fill(unit: SampleUnit) -> None:
        for number in range(6):
            unit.tasks.create(new_task(number, user_id=7 if number % 2 else 8))

    await world.units.write(fill)
    own = messages.ListTasksRequest(page_size=2)
    everybody = messages.ListTasksRequest(
        filter=messages.TaskFilter(scope=messages.TASK_SCOPE_EVERYBODY, states=[task_pb2.TASK_STATE_NEW]), page_size=100
    )
    with world.caller(7):
        response = await world.stub.ListTasks(own)
        assert ([task.user_id for task in response.tasks], response.total_size) == ([7, 7], 3)
        assert response.tasks[0].input["text"]
        for request in (everybody, messages.ListTasksRequest()):
            with pytest.raises(DomainError) as refused:
                await world.stub.ListTasks(request)
            assert refused.value.reason_name in ("ADMIN_REQUIRED", "FIELD_INVALID")
    with world.caller(1, is_admin=True):
        assert (await world.stub.ListTasks(everybody)).total_size == 6
        assert (await world.stub.ListTasks(own)).total_size == 0
        everybody.filter.user_id = 8
        assert {task.user_id for task in (await world.stub.ListTasks(everybody)).tasks} == {8}


async def test_places_counts_and_users(world: World) -> None:
    await world.units.write(lambda unit: [unit.tasks.create(new_task(number, user_id=7)) for number in range(3)])
    with world.caller(7):
        found = await world.stub.LocateTask(messages.LocateTaskRequest(position=2))
        assert found.HasField("place")
        back = await world.stub.LocateTask(messages.LocateTaskRequest(place=found.place))
        assert back.position == 2
        begun = await world.stub.ListTasks(messages.ListTasksRequest(page_size=9, begin=found.place))
        assert ([task.id for task in begun.tasks], begun.total_size) == ([found.place.task_id], 3)
        assert not (await world.stub.LocateTask(messages.LocateTaskRequest(position=3))).HasField("place")
        [count] = (await world.stub.SummarizeTasks(messages.SummarizeTasksRequest())).counts
        assert (count.kind, count.state, count.size) == (task_pb2.TASK_KIND_TTS, task_pb2.TASK_STATE_NEW, 3)
        with pytest.raises(Forbidden):
            await world.stub.ListTaskUsers(messages.ListTaskUsersRequest(page_size=5))
    with world.caller(1, is_admin=True):
        [user] = (await world.stub.ListTaskUsers(messages.ListTaskUsersRequest(page_size=5))).users
        assert user.user_id == 7
        with pytest.raises(Invalid):
            await world.stub.ListTaskUsers(messages.ListTaskUsersRequest())


@pytest.mark.parametrize(
    "request_",
    [
        messages.UpdateTaskRequest(task_id="tts_1", progress=101),
        messages.UpdateTaskRequest(task_id="tts_1", stage="x" * 65),
        messages.UpdateTaskRequest(task_id="tts_1", error_message="x" * 501),
    ],
)
async def test_amendments_out_of_range_are_refused(world: World, request_: messages.UpdateTaskRequest) -> None:
    await world.ask()
    with world.caller(7), pytest.raises(Invalid):
        await world.stub.UpdateTask(request_)


async def test_an_owner_changes_and_cancels_but_not_what_has_ended(world: World) -> None:
    await world.ask()
    with world.caller(8), pytest.raises(NotFound):
        await world.stub.UpdateTask(messages.UpdateTaskRequest(task_id="tts_1", cancels=True))
    with world.caller(7):
        seen = (await world.stub.UpdateTask(messages.UpdateTaskRequest(task_id="tts_1", progress=5))).task
        assert (seen.progress, seen.state) == (5, task_pb2.TASK_STATE_QUEUED)
    await world.finish()
    with world.caller(7), pytest.raises(Precondition) as refused:
        await world.stub.UpdateTask(messages.UpdateTaskRequest(task_id="tts_1", cancels=True))
    assert refused.value.reason == reasons.ERROR_REASON_TASK_FINISHED
