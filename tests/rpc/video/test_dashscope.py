"""Renders of the whole service by DashScope's engine: what a failure costs, what a crash leaves, what is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from kit.clock import SystemClock
from kit.errors import Invalid
from kit.net.fetcher import Fetcher
from kit.tasks.sweeper import Sweeper
from services.video.engines.dashscope.engine import DashScopeLipSyncer
from services.video.engines.dashscope.settings import DashScopeSettings
from services.video.store.tables import EVENT_TABLES
from services.video.usecases.provider_orders import OrderKeeper, SharedOrders
from tests.emulators.dashscope.account import KEY
from tests.emulators.dashscope.faults import HttpFaults
from tests.emulators.dashscope.server import DashScopeEmulator
from tests.fakes.screen_clip import write_clip
from tests.polling import eventually
from tests.rpc.video.conftest import World
from tests.rpc.video.fakes import FakeEngines
from tests.rpc.video.process import VideoWorkerProcess
from voxreel.task.v1 import task_pb2
from voxreel.task.v1 import task_service_pb2 as tasks
from voxreel.video.v1 import render_service_pb2 as renders

WITHIN_S = 60.0


@pytest.fixture
async def emulator(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DashScopeEmulator]:
    """What the world renders with."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with DashScopeEmulator().serving() as serving:
        grey = [np.full((64, 96, 3), 128, np.uint8)] * 50
        serving.state.files["result"] = write_clip(tmp_path / "made.mp4", grey).read_bytes()
        world.lips.real = engine = _engine(world, serving)
        yield serving
        await engine.aclose()


def _engine(world: World, emulator: DashScopeEmulator) -> DashScopeLipSyncer:
    """As one replica has it; results may come from this machine."""
    settings = DashScopeSettings(KEY, emulator.http_url, poll_s=0.01, max_poll_s=0.02, turn_s=0.01)
    web = Fetcher(is_allowed=lambda _: True, has_allowed_port=lambda _: True)
    orders = SharedOrders(world.parts.units, most=1)
    return DashScopeLipSyncer(settings, orders, web=web, clock=SystemClock(), producer="Test")


async def _ordered(world: World, request_id: str = "r-1") -> str:
    request = renders.CreateRenderRequest(
        request_id=request_id,
        video_file_id=world.files.put("face.mp4", b"face"),
        audio_file_id=world.files.put("voice.wav", b"voice"),
    )
    with world.user():
        return (await world.renders.CreateRender(request)).task.id


@pytest.mark.parametrize(("content", "size"), [(b"small", "639×640"), (b"wide", "2049×640")])
@pytest.mark.usefixtures("emulator")
async def test_a_size_that_the_provider_refuses_is_told_before_anything_is_held(
    world: World, content: bytes, size: str
) -> None:
    request = renders.CreateRenderRequest(
        request_id="r-1",
        video_file_id=world.files.put("face.mp4", content),
        audio_file_id=world.files.put("voice.wav", b"voice"),
    )
    with world.user(), pytest.raises(Invalid) as refused:
        await world.renders.CreateRender(request)
    assert refused.value.message == f"视频画面为 {size}，边长须在 640 至 2048 像素之间"
    assert world.ledger.requests == []


async def _task(world: World, task_id: str) -> task_pb2.Task:
    return (await world.tasks.GetTask(tasks.GetTaskRequest(task_id=task_id))).task


async def _subjects(world: World) -> list[str]:
    sent = select(EVENT_TABLES.outbox.c.subject)
    return await world.database.read(lambda c: list(c.execute(sent).scalars()))


async def _orders_kept(world: World, task_id: str) -> bool:
    return await world.parts.units.read(lambda unit: unit.provider_orders.find(task_id)) is not None


def _keeper(world: World) -> OrderKeeper:
    assert isinstance(world.lips.real, DashScopeLipSyncer)
    return OrderKeeper(world.parts.units, world.lips.real, SystemClock())


async def test_a_render_is_done_and_kept_by_files(world: World, emulator: DashScopeEmulator) -> None:
    task_id = await _ordered(world)
    await world.work()
    task = await _task(world, task_id)
    assert task.state == task_pb2.TASK_STATE_SUCCEEDED, task.error_message
    assert (task.output["model"], task.output["quality"]) == ("videoretalk", "native")
    assert b"videoretalk" not in world.files.stored[task_id][1] and b"AIGC" in world.files.stored[task_id][1]
    assert await _keeper(world).step() == 1
    assert not await _orders_kept(world, task_id)


@pytest.mark.parametrize(
    ("faults", "reason", "words"),
    [
        (HttpFaults(status=401, code="InvalidApiKey"), "ENGINE_UNAVAILABLE", "请联系管理员"),
        (HttpFaults(task_ends="FAILED", task_code="InvalidFile.Content"), "PROVIDER_REFUSED", "没有清晰可用的人脸"),
        (HttpFaults(task_ends="UNKNOWN"), "PROVIDER_RESULT_LOST", "已失效"),
        (HttpFaults(loses_order_reply=True), "PROVIDER_ORDER_IN_DOUBT", "未重复提交"),
    ],
    ids=["key", "no face", "lost", "in doubt"],
)
async def test_a_failure_is_told_and_the_credits_go_back(
    world: World,
    emulator: DashScopeEmulator,
    capfd: pytest.CaptureFixture[str],
    faults: HttpFaults,
    reason: str,
    words: str,
) -> None:
    emulator.faults.http = faults
    task_id = await _ordered(world)
    await world.work()
    task = await _task(world, task_id)
    assert (task.state, task.error_reason) == (task_pb2.TASK_STATE_FAILED, reason)
    assert words in task.error_message
    assert "evt.video.task.failed" in await _subjects(world), "billing gives the hold back for this"
    assert world.files.stored == {}
    told = "".join(capfd.readouterr()) + str(task)
    assert "sk-" not in told, "neither the key nor what the provider quotes"


async def test_a_provider_that_broke_gets_another_order(world: World, emulator: DashScopeEmulator) -> None:
    emulator.faults.http = HttpFaults(task_ends="FAILED", task_code="InternalError.Algo")
    task_id = await _ordered(world)
    await world.work()
    assert (await _task(world, task_id)).state == task_pb2.TASK_STATE_QUEUED
    assert not await _orders_kept(world, task_id)


@pytest.mark.parametrize(
    ("faults", "stage", "ends_as"),
    [
        (HttpFaults(delay_s=3600), "uploading", None),
        (HttpFaults(order_waits=asyncio.Event(), task_ends="PENDING"), "ordering", "CANCELED"),
        (HttpFaults(task_ends="PENDING"), "provider_pending", "CANCELED"),
        (HttpFaults(task_ends="RUNNING"), "provider_running", "RUNNING"),
        (HttpFaults(result_delay_s=3600), "downloading", "SUCCEEDED"),
    ],
    ids=["uploading", "ordering", "pending", "running", "downloading"],
)
async def test_cancelling_ends_the_order_too_unless_it_has_begun(
    world: World, emulator: DashScopeEmulator, faults: HttpFaults, stage: str, ends_as: str | None
) -> None:
    emulator.faults.http = faults
    task_id = await _ordered(world)
    await world.relay.step()
    working = asyncio.create_task(world.worker.step())

    async def is_in_stage() -> bool:
        return (await _task(world, task_id)).stage == stage

    await eventually(is_in_stage, within_s=WITHIN_S)
    with world.user():
        await world.tasks.UpdateTask(tasks.UpdateTaskRequest(task_id=task_id, cancels=True))
    if faults.order_waits is not None:
        faults.order_waits.set()
    await asyncio.wait_for(working, WITHIN_S)
    emulator.faults.http = replace(faults, delay_s=0)
    gone = await _keeper(world).step()
    assert (await _task(world, task_id)).state == task_pb2.TASK_STATE_CANCELLED
    assert "evt.video.task.cancelled" in await _subjects(world), "billing gives the hold back for this"
    assert [task["task_status"] for task in emulator.state.tasks.values()] == ([ends_as] if ends_as else [])
    assert gone == (0 if ends_as == "RUNNING" else 1), "what runs keeps its place at the provider"
    assert world.files.stored == {}


async def test_replicas_have_one_order_running_and_all_are_done(world: World, emulator: DashScopeEmulator) -> None:
    other = FakeEngines(world.gate)
    other.lips.real = _engine(world, emulator)
    second = world.new_worker("other", replace(world.parts, engines=other.slots()))
    ordered = [await _ordered(world, f"r-{number}") for number in range(4)]
    sweeper, keeper = Sweeper(world.parts.units), _keeper(world)

    async def are_done() -> bool:
        await keeper.step()
        await sweeper.step()
        await world.relay.step()
        await asyncio.gather(world.worker.step(), second.step())
        states = {(await _task(world, task_id)).state for task_id in ordered}
        assert states <= {task_pb2.TASK_STATE_QUEUED, task_pb2.TASK_STATE_RUNNING, task_pb2.TASK_STATE_SUCCEEDED}
        return states == {task_pb2.TASK_STATE_SUCCEEDED}

    await eventually(are_done, within_s=WITHIN_S)
    assert (emulator.state.counts["orders"], emulator.state.counts["most_running"]) == (4, 1)
    await other.lips.real.aclose()


async def test_a_worker_that_was_killed_leaves_an_order_that_is_found(
    world: World, emulator: DashScopeEmulator, tmp_path: Path
) -> None:
    emulator.faults.http = HttpFaults(task_ends="RUNNING")
    task_id = await _ordered(world)
    async with VideoWorkerProcess(tmp_path, instance="test", peers=world.addresses, emulator=emulator) as process:

        async def is_watched() -> bool:
            return (await _task(world, task_id)).stage == "provider_running"

        await eventually(is_watched, within_s=WITHIN_S)
        await process.kill()
    assert (await _task(world, task_id)).state == task_pb2.TASK_STATE_RUNNING, "nobody has noticed yet"
    assert await world.worker.recover() == 1
    emulator.faults.http = HttpFaults()
    world.files.sources.clear()  # not needed again
    await world.work()
    assert (await _task(world, task_id)).state == task_pb2.TASK_STATE_SUCCEEDED
    assert emulator.state.counts["orders"] == 1
    assert list(world.files.stored) == [task_id]
