"""What the sweeper removes."""

from __future__ import annotations

import pytest

from services.files.usecases.expiry import BATCH
from tests.rpc.files.conftest import World, chunks_of
from voxreel.files.v1 import file_service_pb2 as messages

_WAV = b"RIFF\x24\x10\x00\x00WAVEfmt " + bytes(1000)


async def test_expired_files_go_with_their_bytes(world: World) -> None:
    with world.user():
        await world.upload(b"text", "a.txt", storage_type=messages.STORAGE_TYPE_TEMP)
        kept = await world.upload(_WAV, "a.wav", file_type="bgm")
        world.clock.advance(24 * 3600)
        assert await world.sweeper.step() == 2
        assert len(world.stored_blobs()) == 1
        assert (await world.stub.GetFile(messages.GetFileRequest(file_id=kept.id))).file.id == kept.id


async def test_an_abandoned_upload_goes_after_its_grace(world: World) -> None:
    with world.user():
        request = messages.BeginUploadRequest(storage_type=messages.STORAGE_TYPE_TEMP, original_name="a.txt")
        grant = await world.stub.BeginUpload(request)
    await world.blobs.write(grant.blob_key, chunks_of(b"text"), limit_bytes=100)
    world.clock.advance(3600)
    assert await world.sweeper.step() == 0
    assert len(world.stored_blobs()) == 1
    world.clock.advance(3600)
    await world.sweeper.step()
    assert world.stored_blobs() == []


async def test_a_used_grant_goes_without_its_bytes(world: World) -> None:
    with world.user():
        await world.upload(_WAV, "a.wav", file_type="bgm")
    world.clock.advance(2 * 3600)
    await world.sweeper.step()
    assert len(world.stored_blobs()) == 1


async def test_a_sweep_is_bounded_and_the_next_goes_on(world: World) -> None:
    with world.user():
        request = messages.BeginUploadRequest(storage_type=messages.STORAGE_TYPE_TEMP, original_name="a.txt")
        for _ in range(BATCH + 1):
            await world.stub.BeginUpload(request)
    world.clock.advance(2 * 3600)
    assert await world.sweeper.step() == 2 * BATCH
    assert await world.sweeper.step() == 2
    assert await world.sweeper.step() == 0


async def test_blobs_survive_a_crash_between_record_and_blob_on_the_garbage_list(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.user():
        await world.upload(b"text", "a.txt", storage_type=messages.STORAGE_TYPE_TEMP)
    world.clock.advance(24 * 3600)
    blob = world.stored_blobs()[0]

    async def disk_error(key: str) -> None:
        raise OSError(key)

    with monkeypatch.context() as broken:
        broken.setattr(world.blobs, "delete", disk_error)
        with pytest.raises(OSError):
            await world.sweeper.step()
    assert world.stored_blobs() == [blob]
    await world.sweeper.step()
    assert world.stored_blobs() == []
