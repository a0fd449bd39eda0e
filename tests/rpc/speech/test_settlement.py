"""DashScope's engine, the real worker and the real ledger: whatever ends a synthesis, nobody pays for nothing."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from kit.ids import RandomIds
from kit.rpc.client import Peer
from kit.tasks.leases import MAX_ATTEMPTS
from services.speech.engines.dashscope.settings import DashScopeSettings, Limits
from services.speech.engines.dashscope.synthesizer import DashScopeSynthesizer
from services.speech.engines.dashscope.turns import Limit
from services.speech.usecases.turns import SharedTurns
from tests.emulators.dashscope.account import KEY
from tests.emulators.dashscope.faults import SocketFaults
from tests.emulators.dashscope.server import DashScopeEmulator
from tests.polling import eventually
from tests.rpc.billing.conftest import SERVICE_TOKEN, USER, BillingService, serving_billing
from tests.rpc.speech.conftest import World, open_world
from voxreel.speech.v1 import synthesis_service_pb2 as messages
from voxreel.task.v1 import task_pb2
from voxreel.task.v1.task_service_pb2 import GetTaskRequest, UpdateTaskRequest

# Longer than any pause between two attempts.
_PAUSE_S = 120.0
_GENEROUS_S = 60.0


@dataclass(frozen=True)
class Platform:
    """Speech and billing on one broker, and the provider."""

    world: World
    billing: BillingService
    emulator: DashScopeEmulator

    async def speak(self) -> str:
        request = messages.CreateSynthesisRequest(request_id="r-1", text="你好，世界。", voice="zhiwei", volume=50)
        with self.world.user(USER):
            return (await self.world.syntheses.CreateSynthesis(request)).task.id

    async def task(self, task_id: str) -> task_pb2.Task:
        return (await self.world.tasks.GetTask(GetTaskRequest(task_id=task_id))).task

    async def work_to_the_end(self, task_id: str) -> task_pb2.Task:
        for _ in range(MAX_ATTEMPTS):
            await self.world.work()
            if (await self.task(task_id)).state != task_pb2.TASK_STATE_QUEUED:
                break
            for clock in (self.world.clock, self.billing.clock):
                clock.advance(_PAUSE_S)
        await self.world.relay.step()
        return await self.task(task_id)

    async def has_settled(self, available: int) -> None:
        async def is_so() -> bool:
            return await self.billing.balance() == (available, 0)

        await eventually(is_so, within_s=_GENEROUS_S)


@asynccontextmanager
async def _platform(folder: Path) -> AsyncIterator[Platform]:
    async with AsyncExitStack() as stack:
        billing = await stack.enter_async_context(serving_billing(folder / "billing"))
        await billing.recharge(100)
        peer = await stack.enter_async_context(Peer(billing.address, caller="speech", service_token=SERVICE_TOKEN))
        world = await open_world(stack, folder, billing=peer, bus=billing.bus)
        emulator = await stack.enter_async_context(DashScopeEmulator().serving())
        settings = DashScopeSettings(
            api_key=KEY,
            http_url=emulator.http_url,
            websocket_url=emulator.websocket_url,
            silence_s=_GENEROUS_S,
            limits=Limits(cosyvoice=Limit("cosyvoice", 100)),
            turns=SharedTurns(world.units, RandomIds()),
        )
        world.synthesizer.real = DashScopeSynthesizer(settings, producer="Test")
        stack.push_async_callback(world.synthesizer.real.aclose)
        yield Platform(world, billing, emulator)


@pytest.fixture
async def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Platform]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    (tmp_path / "billing").mkdir()
    async with _platform(tmp_path) as platform:
        yield platform


async def test_what_was_spoken_is_paid_for(platform: Platform) -> None:
    task_id = await platform.speak()
    assert await platform.billing.balance() == (90, 10)
    assert (await platform.work_to_the_end(task_id)).state == task_pb2.TASK_STATE_SUCCEEDED
    await platform.has_settled(90)


@pytest.mark.parametrize(
    ("faults", "reason", "message", "attempts"),
    [
        (SocketFaults(drops_after=3), "ATTEMPTS_EXHAUSTED", "任务多次尝试后仍未完成", MAX_ATTEMPTS),
        (SocketFaults(handshake_status=401), "ENGINE_UNAVAILABLE", "语音合成引擎不可用", 1),
        (
            SocketFaults(handshake_status=429, handshake_code="Throttling.RateQuota"),
            "ATTEMPTS_EXHAUSTED",
            "任务多次尝试后仍未完成",
            MAX_ATTEMPTS,
        ),
    ],
    ids=["dropped in mid-audio", "401", "429"],
)
async def test_what_failed_is_given_back(
    platform: Platform, faults: SocketFaults, reason: str, message: str, attempts: int
) -> None:
    platform.emulator.faults.socket = faults
    task_id = await platform.speak()
    assert await platform.billing.balance() == (90, 10)
    task = await platform.work_to_the_end(task_id)
    assert (task.state, task.error_reason, task.error_message) == (task_pb2.TASK_STATE_FAILED, reason, message)
    assert platform.emulator.state.counts["handshakes"] == attempts
    await platform.has_settled(100)
    assert not platform.world.audio_store.stored


async def test_what_was_cancelled_is_given_back_and_nobody_goes_on(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    state = platform.emulator.state
    # It never says another word, so that nothing but the cancellation ends the call.
    platform.emulator.faults.socket = SocketFaults(silent_after=3)
    task_id = await platform.speak()
    async with asyncio.timeout(_GENEROUS_S), asyncio.TaskGroup() as group:
        group.create_task(platform.world.work())
        await eventually(lambda: state.open_tasks == 1, within_s=_GENEROUS_S)
        with platform.world.user(USER):
            await platform.world.tasks.UpdateTask(UpdateTaskRequest(task_id=task_id, cancels=True))
    await eventually(lambda: state.open_tasks == 0 and not state.sockets, within_s=_GENEROUS_S)
    assert (await platform.task(task_id)).state == task_pb2.TASK_STATE_CANCELLED
    await platform.world.relay.step()
    await platform.has_settled(100)
    assert not found_in(scratch)


def found_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())
