"""Renders and chroma keys that their owner no longer wants, in each of their stages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from services.video.store.tables import EVENT_TABLES
from tests.polling import eventually
from tests.rpc.video.conftest import World
from voxreel.task.v1 import task_pb2
from voxreel.task.v1 import task_service_pb2 as tasks
from voxreel.video.v1 import render_service_pb2 as renders


async def _render(world: World) -> str:
    request = renders.CreateRenderRequest(
        request_id="r-1",
        video_file_id=world.files.put("face.mp4", b"face"),
        audio_file_id=world.files.put("voice.wav", b"voice"),
    )
    with world.user():
        return (await world.renders.CreateRender(request)).task.id


async def _key(world: World) -> str:
    request = renders.CreateChromaKeyRequest(
        request_id="k-1",
        video_file_id=world.files.put("screen.mp4", b"screen"),
        background_file_id=world.files.put("beach.png", b"beach"),
        color="green",
        similarity=0.4,
        blend=0.1,
    )
    with world.user():
        return (await world.renders.CreateChromaKey(request)).task.id


@pytest.mark.parametrize(
    ("accept", "place", "stage"),
    [
        (_render, "download voice.wav", "fetching"),
        (_render, "engine", "analysing"),
        (_render, "upload", "storing"),
        (_key, "download beach.png", "fetching"),
        (_key, "engine", "keying"),
        (_key, "upload", "storing"),
    ],
)
async def test_cancelling_stops_the_work_and_leaves_nothing(
    world: World, accept: Callable[[World], Awaitable[str]], place: str, stage: str
) -> None:
    task_id = await accept(world)
    world.gate.closed_at = place
    await world.relay.step()
    working = asyncio.create_task(world.worker.step())
    await asyncio.wait_for(world.gate.reached.wait(), 10)
    with world.user():

        async def is_in_stage() -> bool:
            seen = (await world.tasks.GetTask(tasks.GetTaskRequest(task_id=task_id))).task
            return (seen.state, seen.stage) == (task_pb2.TASK_STATE_RUNNING, stage)

        await eventually(is_in_stage)
        await world.tasks.UpdateTask(tasks.UpdateTaskRequest(task_id=task_id, cancels=True))
    await asyncio.wait_for(working, 10)
    ended = (await world.tasks.GetTask(tasks.GetTaskRequest(task_id=task_id))).task
    assert ended.state == task_pb2.TASK_STATE_CANCELLED
    assert world.files.stored == {}
    assert not any(folder.exists() for folder in world.gate.folders)
    # Billing gives the hold back for this.
    sent = select(EVENT_TABLES.outbox.c.subject)
    assert "evt.video.task.cancelled" in await world.database.read(lambda c: list(c.execute(sent).scalars()))
