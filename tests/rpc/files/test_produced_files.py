"""Files that services make for users."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator

import pytest

from kit.errors import Invalid
from tests.rpc.files.conftest import World, parts_of, upload_cached
from voxreel.files.v1 import file_service_pb2 as messages

_WAV = b"RIFF\x24\x10\x00\x00WAVEfmt " + bytes(700 * 1024)


def _header(
    *, user_id: int = 7, file_type: str = "audio", original_name: str = "zhichu.wav", id_prefix: str = "tts_audio"
) -> messages.UploadFileHeader:
    return messages.UploadFileHeader(
        request_id="tts_1",
        user_id=user_id,
        storage_type=messages.STORAGE_TYPE_PERSISTENT,
        file_type=file_type,
        original_name=original_name,
        id_prefix=id_prefix,
    )


async def test_produced_audio_is_stored(world: World) -> None:
    file = (await world.stub.UploadFile(parts_of(_header(), _WAV))).file
    assert re.fullmatch(r"tts_audio_7_zhichu_\d{8}_\d{6}_[a-z0-9]{26}\.wav", file.id)
    assert (file.user_id, file.file_type, file.content_type) == (7, "audio", "audio/wav")
    assert (file.size_bytes, file.sha256) == (len(_WAV), hashlib.sha256(_WAV).hexdigest())
    parts = [part async for part in world.stub.DownloadFile(messages.DownloadFileRequest(file_id=file.id))]
    assert b"".join(part.chunk for part in parts) == _WAV


async def test_a_repeat_answers_the_first_file(world: World) -> None:
    first = (await world.stub.UploadFile(parts_of(_header(), _WAV))).file
    second = (await world.stub.UploadFile(parts_of(_header(), _WAV + bytes(10)))).file
    assert second == first
    assert len(world.stored_blobs()) == 1


async def test_of_simultaneous_attempts_one_file_stays(world: World) -> None:
    async with asyncio.TaskGroup() as group:
        attempts = [group.create_task(_upload(world)) for _ in range(6)]
    assert len({attempt.result().id for attempt in attempts}) == 1
    await world.sweeper.step()
    assert len(world.stored_blobs()) == 1


async def _upload(world: World) -> messages.File:
    return (await world.stub.UploadFile(parts_of(_header(), _WAV))).file


async def test_the_same_request_id_of_another_user_is_another_file(world: World) -> None:
    first = (await world.stub.UploadFile(parts_of(_header(), _WAV))).file
    second = (await world.stub.UploadFile(parts_of(_header(user_id=8), _WAV))).file
    assert first.id != second.id


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"file_type": "bgm"}, "FIELD_INVALID"),
        ({"original_name": "a.exe"}, "FILE_TYPE_UNSUPPORTED"),
        ({"id_prefix": "../up"}, "FIELD_INVALID"),
        ({"original_name": "a.mp3"}, "FILE_CONTENT_MISMATCH"),
    ],
)
async def test_bad_headers_are_refused(world: World, changes: dict[str, str], reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        await world.stub.UploadFile(parts_of(_header(**changes), _WAV))
    assert refused.value.reason_name == reason


async def test_a_cached_file_has_the_id_it_was_asked_for_by(world: World) -> None:
    made = await upload_cached(world, "voice_preview_zhichu")
    again = await upload_cached(world, "voice_preview_zhichu")
    assert (made.id, made.user_id, made.file_type) == ("voice_preview_zhichu.wav", 0, "voice_previews")
    assert again == made
    found = await world.stub.OpenDownload(messages.OpenDownloadRequest(file_id="voice_preview_zhichu.wav"))
    assert found.file == made


@pytest.mark.parametrize("request_id", ["voice_preview_../up", "a.wav", "音色"])
async def test_what_cannot_be_an_id_is_not_cached(world: World, request_id: str) -> None:
    with pytest.raises(Invalid):
        await upload_cached(world, request_id)


async def test_nobody_owns_persistent_files(world: World) -> None:
    with pytest.raises(Invalid):
        await world.stub.UploadFile(parts_of(_header(user_id=0), _WAV))


async def test_the_header_comes_first_and_once(world: World) -> None:
    async def headless() -> AsyncIterator[messages.UploadFileRequest]:
        yield messages.UploadFileRequest(chunk=b"x")

    async def double() -> AsyncIterator[messages.UploadFileRequest]:
        yield messages.UploadFileRequest(header=_header())
        yield messages.UploadFileRequest(header=_header())

    for parts in (headless(), double()):
        with pytest.raises(Invalid):
            await world.stub.UploadFile(parts)
    assert world.stored_blobs() == []
