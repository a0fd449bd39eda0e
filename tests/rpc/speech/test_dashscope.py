"""Syntheses of the whole service by DashScope's engine: what a failure costs, and what is told about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from google.protobuf.json_format import MessageToDict

from kit.errors import Invalid
from kit.ids import RandomIds
from services.speech.domain.voices import ClonedVoice
from services.speech.engines.base import SynthesisRequest
from services.speech.engines.dashscope.settings import DashScopeSettings, Limits
from services.speech.engines.dashscope.synthesizer import DashScopeSynthesizer
from services.speech.engines.dashscope.turns import Limit
from services.speech.usecases.turns import SharedTurns
from tests.emulators.dashscope.account import KEY, EnrolledVoice
from tests.emulators.dashscope.faults import SocketFaults
from tests.emulators.dashscope.server import DashScopeEmulator
from tests.rpc.speech.conftest import World
from voxreel.speech.v1 import synthesis_service_pb2 as messages
from voxreel.task.v1 import task_pb2
from voxreel.task.v1.task_service_pb2 import GetTaskRequest

TEXT = "你好，世界。"


@pytest.fixture
async def emulator(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DashScopeEmulator]:
    """What the world speaks with."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with DashScopeEmulator().serving() as serving:
        world.synthesizer.real = _engine(world, serving)
        yield serving
        await world.synthesizer.real.aclose()


def _engine(world: World, emulator: DashScopeEmulator) -> DashScopeSynthesizer:
    """As one replica has it."""
    settings = DashScopeSettings(
        api_key=KEY,
        http_url=emulator.http_url,
        websocket_url=emulator.websocket_url,
        silence_s=0.5,
        limits=Limits(cosyvoice=Limit("cosyvoice", 10)),
        turns=SharedTurns(world.units, RandomIds()),
    )
    return DashScopeSynthesizer(settings, producer="Test")


async def _spoken(world: World, *, voice: str = "zhiwei", user_id: int = 7) -> task_pb2.Task:
    request = messages.CreateSynthesisRequest(request_id="r-1", text=TEXT, voice=voice, volume=50)
    with world.user(user_id):
        task = (await world.syntheses.CreateSynthesis(request)).task
        await world.work()
        return (await world.tasks.GetTask(GetTaskRequest(task_id=task.id))).task


async def test_a_task_is_spoken(world: World, emulator: DashScopeEmulator) -> None:
    task = await _spoken(world)
    assert task.state == task_pb2.TASK_STATE_SUCCEEDED
    output = MessageToDict(task.output)
    assert (output["engine"], output["model"], output["quality"]) == ("dashscope", "cosyvoice-v2", "native")
    assert [sentence["text"] for sentence in output["sentences"]] == [TEXT]
    assert (7, task.id) in world.audio_store.stored


async def test_an_enrolled_voice_speaks_for_its_owner(world: World, emulator: DashScopeEmulator) -> None:
    name = "cosyvoice-v3-flash-abc123-0001"
    emulator.state.voices[name] = EnrolledVoice(name, "cosyvoice-v3-flash", "abc123", "", 0, "OK")
    world.engine.name = "dashscope"
    now = world.clock.now()
    voice = ClonedVoice(
        id="voice_1",
        user_id=7,
        account="user7",
        prefix="mine",
        engine="dashscope",
        target_model="cosyvoice-v3-flash",
        engine_voice=name,
        pack_file_id=None,
        quality="native",
        sample_file_id="sample.wav",
        is_public=False,
        create_time=now,
        update_time=now,
    )
    await world.units.write(lambda unit: unit.voices.add(voice))
    with pytest.raises(Invalid, match="音色不存在"):
        await _spoken(world, voice="voice_1", user_id=8)
    task = await _spoken(world, voice="voice_1")
    assert task.state == task_pb2.TASK_STATE_SUCCEEDED, task.error_message
    assert MessageToDict(task.output)["model"] == "cosyvoice-v3-flash"


@pytest.mark.parametrize(
    ("faults", "state", "reason"),
    [
        (SocketFaults(handshake_status=401), task_pb2.TASK_STATE_FAILED, "ENGINE_UNAVAILABLE"),
        (SocketFaults(fails_at_start="DataInspectionFailed"), task_pb2.TASK_STATE_FAILED, "PROVIDER_REFUSED"),
        (SocketFaults(fails_at_start="Throttling.RateQuota"), task_pb2.TASK_STATE_QUEUED, ""),
        (SocketFaults(drops_after=2), task_pb2.TASK_STATE_QUEUED, ""),
    ],
    ids=["key", "content", "throttled", "dropped"],
)
async def test_a_failure_ends_the_task_or_costs_an_attempt(
    world: World,
    emulator: DashScopeEmulator,
    capfd: pytest.CaptureFixture[str],
    faults: SocketFaults,
    state: task_pb2.TaskState,
    reason: str,
) -> None:
    emulator.faults.socket = faults
    task = await _spoken(world)
    assert (task.state, task.error_reason) == (state, reason)
    assert not world.audio_store.stored
    told = "".join(capfd.readouterr()) + str(task)
    assert "sk-" not in told, "neither the key nor what the provider quotes"


async def test_replicas_together_keep_the_accounts_limit(world: World, emulator: DashScopeEmulator) -> None:
    emulator.state.rates = {"cosyvoice": 14}
    replicas = (_engine(world, emulator), _engine(world, emulator))
    request = SynthesisRequest("好。", "zhichu")
    await asyncio.gather(*(replica.synthesize(request, timeout_s=10) for replica in replicas for _ in range(8)))
    assert emulator.state.counts["throttled"] == 0
    for replica in replicas:
        await replica.aclose()
