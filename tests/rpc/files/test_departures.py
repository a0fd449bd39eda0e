"""What is left of a user who was deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kit.errors import NotFound
from services.files.usecases.departures import BATCH
from services.files.workers.departures import DepartureHandler
from tests.rpc.files.conftest import WAV, World, upload_cached
from voxreel.auth.v1.events_pb2 import UserDeleted
from voxreel.common.v1.event_pb2 import EventEnvelope
from voxreel.files.v1 import file_service_pb2 as messages

LEAVER, OTHER = 7, 8


async def depart(world: World, user_id: int = LEAVER) -> None:
    """Delivers the event twice, as the broker may."""
    envelope = EventEnvelope(payload=UserDeleted(user_id=user_id).SerializeToString())
    await DepartureHandler(world.departures)([envelope, envelope])


async def sweep(world: World) -> int:
    swept = 0
    while number := await world.sweeper.step():
        swept += number
    return swept


async def is_there(world: World, file_id: str) -> bool:
    with world.user(1, is_admin=True):
        try:
            await world.stub.GetFile(messages.GetFileRequest(file_id=file_id))
        except NotFound:
            return False
        return True


async def test_their_files_go_and_nobody_elses(world: World) -> None:
    with world.user(LEAVER):
        theirs = await world.upload(WAV, "a.wav", file_type="bgm")
        same_bytes = await world.upload(WAV, "b.wav", file_type="bgm")
        temporary = await world.upload(b"text", "a.txt", storage_type=messages.STORAGE_TYPE_TEMP)
    with world.user(OTHER):
        kept = await world.upload(WAV, "a.wav", file_type="bgm")
    await depart(world)
    await sweep(world)
    for file in (theirs, same_bytes, temporary):
        assert not await is_there(world, file.id)
    assert await is_there(world, kept.id)
    assert len(world.stored_blobs()) == 1


async def test_what_a_running_task_stores_afterwards_goes_too(world: World) -> None:
    await depart(world)
    await sweep(world)
    late = await upload_cached(world, "late", user_id=LEAVER)
    await sweep(world)
    assert not await is_there(world, late.id)
    assert world.stored_blobs() == []


async def test_more_files_than_a_batch_go_in_several(world: World) -> None:
    with world.user(LEAVER):
        for number in range(BATCH + 5):
            await world.upload(b"%d" % number, "a.txt", storage_type=messages.STORAGE_TYPE_TEMP)
    await depart(world)
    assert await world.departures.remove_files() == BATCH
    assert await world.departures.remove_files() == 5
    await sweep(world)
    assert world.stored_blobs() == []


@pytest.mark.parametrize(("days", "is_removed"), [(6, True), (8, False)])
async def test_they_are_remembered_for_a_week(world: World, days: int, is_removed: bool) -> None:
    await depart(world)
    world.clock.advance(timedelta(days=days).total_seconds())
    await sweep(world)
    late = await upload_cached(world, "late", user_id=LEAVER)
    await sweep(world)
    assert await is_there(world, late.id) is not is_removed
