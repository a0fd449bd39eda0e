"""Who waits for whom: short texts and dubbings never for long texts or for voices that are being learnt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.speech.catalogue.templates import templates
from services.speech.domain.dubbing import MAX_TEXT_CHARACTERS
from services.speech.parts import task_handlers
from tests.polling import eventually
from tests.rpc.speech.conftest import LANES, World
from voxreel.speech.v1 import dubbing_service_pb2 as dubbings
from voxreel.speech.v1 import synthesis_service_pb2 as syntheses
from voxreel.speech.v1 import voice_service_pb2 as voices
from voxreel.task.v1 import task_pb2
from voxreel.task.v1.task_service_pb2 import GetTaskRequest

LONG = "长" * (MAX_TEXT_CHARACTERS + 1)


@asynccontextmanager
async def _at_work(world: World) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for worker in world.workers:
            group.create_task(worker.run(stop))
        try:
            yield
        finally:
            world.synthesizer.go_on.set()
            world.jobs.cloner.go_on.set()
            stop.set()


async def _speak(world: World, text: str, *, request_id: str, user_id: int = 7) -> str:
    with world.user(user_id):
        order = syntheses.CreateSynthesisRequest(request_id=request_id, text=text, voice="zhiwei")
        return (await world.syntheses.CreateSynthesis(order)).task.id


async def _clone(world: World, *, request_id: str) -> str:
    sample = world.audio_store.put_source(f"{request_id}.wav", request_id.encode())
    with world.user():
        order = voices.CreateVoiceCloneRequest(request_id=request_id, file_id=sample, prefix="mine")
        return (await world.voices.CreateVoiceClone(order)).task.id


async def _dub(world: World, *, user_id: int) -> str:
    with world.user(user_id):
        order = dubbings.CreateDubbingRequest(request_id="d-1", text="你好", voice_template_id=templates()[0].id)
        return (await world.dubbings.CreateDubbing(order)).task.id


async def _state(world: World, task_id: str) -> task_pb2.TaskState:
    return (await world.tasks.GetTask(GetTaskRequest(task_id=task_id))).task.state


async def _succeeds(world: World, task_id: str) -> None:
    async def has_succeeded() -> bool:
        return await _state(world, task_id) == task_pb2.TASK_STATE_SUCCEEDED

    await eventually(has_succeeded, within_s=60)


async def test_a_dubbing_and_a_short_text_end_while_everything_else_is_full(world: World) -> None:
    world.synthesizer.at_once = MAX_TEXT_CHARACTERS
    world.jobs.cloner.is_held = True
    async with _at_work(world):
        slow = [await _speak(world, LONG, request_id=f"s-{number}") for number in range(2)]
        slow += [await _clone(world, request_id=f"c-{number}") for number in range(2)]
        await world.relay.step()
        await eventually(lambda: bool(world.synthesizer.requests and world.jobs.cloner.samples), within_s=60)
        quick = [await _dub(world, user_id=8), await _speak(world, "你好", request_id="s-9", user_id=8)]
        await world.relay.step()
        for task_id in quick:
            await _succeeds(world, task_id)
        states = [await _state(world, task_id) for task_id in slow]
        assert states == [task_pb2.TASK_STATE_RUNNING, task_pb2.TASK_STATE_QUEUED] * 2, "one of each is under way"
        world.synthesizer.go_on.set()
        world.jobs.cloner.go_on.set()
        for task_id in slow:
            await _succeeds(world, task_id)


def test_every_kind_of_task_has_a_lane(world: World) -> None:
    kinds = {kind.lower() for kind in task_handlers(world.parts)}
    assert {lane.name for lane in LANES} == kinds | {"interactive"}
