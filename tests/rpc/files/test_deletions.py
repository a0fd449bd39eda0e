"""Deleting files, and what becomes of their bytes."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from kit.errors import Forbidden, NotFound
from services.files.store.tables import EVENT_TABLES
from tests.rpc.files.conftest import WAV, World, upload_cached
from voxreel.common.v1.event_pb2 import EventEnvelope
from voxreel.files.v1 import file_service_pb2 as messages
from voxreel.files.v1.events_pb2 import FileDeleted


def _delete(file: messages.File, **options: str) -> messages.DeleteFileRequest:
    return messages.DeleteFileRequest(file_id=file.id, **options)


async def test_a_deleted_file_is_gone_with_its_bytes_and_the_world_is_told(world: World) -> None:
    with world.user(7):
        file = await world.upload(WAV, "a.wav", file_type="bgm")
        answer = await world.stub.DeleteFile(_delete(file, file_type="bgm"))
        assert answer.file == file
        for call in (
            world.stub.GetFile(messages.GetFileRequest(file_id=file.id)),
            world.stub.DeleteFile(_delete(file)),
        ):
            with pytest.raises(NotFound):
                await call
    await world.sweeper.step()
    assert world.stored_blobs() == []
    outbox = EVENT_TABLES.outbox
    rows = await world.database.read(
        lambda c: c.execute(select(outbox.c.payload).where(outbox.c.subject == "evt.files.file.deleted")).all()
    )
    (deleted,) = [FileDeleted.FromString(EventEnvelope.FromString(row.payload).payload) for row in rows]
    assert (deleted.file_id, deleted.user_id, deleted.operator_user_id) == (file.id, 7, 7)
    assert (deleted.original_name, deleted.file_type) == ("a.wav", "bgm")


async def test_only_its_owner_and_administrators_delete_a_file(world: World) -> None:
    with world.user(7):
        file = await world.upload(WAV, "a.wav", file_type="bgm")
    with world.user(8), pytest.raises(NotFound):
        await world.stub.DeleteFile(_delete(file))
    with world.user(1, is_admin=True):
        assert (await world.stub.DeleteFile(_delete(file))).file.id == file.id


async def test_type_and_storage_must_be_the_files(world: World) -> None:
    with world.user(7):
        file = await world.upload(WAV, "a.wav", file_type="bgm")
        for wrong in (
            messages.DeleteFileRequest(file_id=file.id, file_type="backgrounds"),
            messages.DeleteFileRequest(file_id=file.id, storage_types=[messages.STORAGE_TYPE_TEMP]),
        ):
            with pytest.raises(NotFound):
                await world.stub.DeleteFile(wrong)
        assert (await world.stub.GetFile(messages.GetFileRequest(file_id=file.id))).file == file


async def test_shared_files_are_administrators_to_delete(world: World) -> None:
    shared = await upload_cached(world, "voice_preview_zhichu")
    with world.user(7), pytest.raises(Forbidden):
        await world.stub.DeleteFile(_delete(shared))
    with world.user(1, is_admin=True):
        await world.stub.DeleteFile(_delete(shared))
    await world.sweeper.step()
    assert world.stored_blobs() == []


async def test_the_same_bytes_are_kept_once_until_the_last_file_goes(world: World) -> None:
    with world.user(7):
        first = await world.upload(WAV, "a.wav", file_type="bgm")
        second = await world.upload(WAV, "b.wav", file_type="bgm")
    with world.user(8):
        await world.upload(WAV, "c.wav", file_type="bgm")
    await world.sweeper.step()
    assert first.id != second.id
    assert len(world.stored_blobs()) == 2, "one for each owner"
    with world.user(7):
        await world.stub.DeleteFile(_delete(first))
        await world.sweeper.step()
        assert await _bytes(world, second.id) == WAV
        await world.stub.DeleteFile(_delete(second))
    await world.sweeper.step()
    assert len(world.stored_blobs()) == 1


async def test_of_many_deletes_at_once_one_succeeds(world: World) -> None:
    with world.user(7):
        file = await world.upload(WAV, "a.wav", file_type="bgm")
        outcomes = await asyncio.gather(
            *[world.stub.DeleteFile(_delete(file)) for _ in range(5)], return_exceptions=True
        )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["DeleteFileResponse", *["NotFound"] * 4]


async def _bytes(world: World, file_id: str) -> bytes:
    parts = world.stub.DownloadFile(messages.DownloadFileRequest(file_id=file_id))
    return b"".join([part.chunk async for part in parts])
