"""Uploads by users: grant, bytes, commit."""

from __future__ import annotations

import asyncio
import re

import pytest
from sqlalchemy import select

from kit.errors import Invalid, NotFound, TooLarge, Unauthenticated
from services.files.domain.limits import MEBIBYTE
from services.files.store.tables import EVENT_TABLES
from tests.rpc.files.conftest import World, chunks_of, commit_of
from voxreel.common.v1.event_pb2 import EventEnvelope
from voxreel.files.v1 import file_service_pb2 as messages
from voxreel.files.v1.events_pb2 import FileStored

_WAV = b"RIFF\x24\x10\x00\x00WAVEfmt " + bytes(4096)
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


async def test_a_persistent_file_is_stored_and_found(world: World) -> None:
    with world.user(7):
        file = await world.upload(_WAV, "我的 音乐.wav", file_type="bgm")
        read = (await world.stub.GetFile(messages.GetFileRequest(file_id=file.id))).file
    assert re.fullmatch(r"bgm_7_file_\d{8}_\d{6}_[a-z0-9]{26}\.wav", file.id)
    assert read == file
    assert (file.original_name, file.content_type, file.size_bytes) == ("我的 音乐.wav", "audio/wav", len(_WAV))
    assert file.storage_type == messages.STORAGE_TYPE_PERSISTENT
    assert not file.HasField("expire_time")


async def test_storing_tells_the_world_once(world: World) -> None:
    with world.user(7):
        file = await world.upload(_WAV, "a.wav", file_type="bgm")
    outbox = EVENT_TABLES.outbox
    rows = await world.database.read(lambda c: c.execute(select(outbox.c.subject, outbox.c.payload)).all())
    assert [row.subject for row in rows] == ["evt.files.file.stored"]
    envelope = EventEnvelope.FromString(rows[0].payload)
    stored = FileStored.FromString(envelope.payload)
    assert (stored.file_id, stored.user_id, stored.size_bytes) == (file.id, 7, len(_WAV))
    assert envelope.user_id == 7


async def test_a_repeated_commit_answers_the_same_file(world: World) -> None:
    with world.user():
        request = messages.BeginUploadRequest(
            storage_type=messages.STORAGE_TYPE_PERSISTENT, file_type="backgrounds", original_name="a.png"
        )
        grant = await world.stub.BeginUpload(request)
        await world.blobs.write(grant.blob_key, chunks_of(_PNG), limit_bytes=grant.limit_bytes)
        commit = commit_of(grant.upload_id, _PNG)
        answers = await asyncio.gather(*[world.stub.CommitUpload(commit) for _ in range(5)])
    assert len({answer.file.id for answer in answers}) == 1


async def test_bytes_that_the_owner_has_already_are_called_a_duplicate(world: World) -> None:
    outcomes = []
    for user_id in (7, 7, 8):
        with world.user(user_id):
            request = messages.BeginUploadRequest(
                storage_type=messages.STORAGE_TYPE_PERSISTENT, file_type="backgrounds", original_name="a.png"
            )
            grant = await world.stub.BeginUpload(request)
            await world.blobs.write(grant.blob_key, chunks_of(_PNG), limit_bytes=grant.limit_bytes)
            for _ in range(2):
                answer = await world.stub.CommitUpload(commit_of(grant.upload_id, _PNG))
                outcomes.append(answer.is_duplicate)
    assert outcomes == [False, False, True, True, False, False]


async def test_any_temp_file_is_taken_and_expires(world: World) -> None:
    with world.user():
        file = await world.upload(b"<html>", "page.html", storage_type=messages.STORAGE_TYPE_TEMP)
    assert re.fullmatch(r"[0-9a-f-]{36}-page\.html", file.id)
    assert file.content_type == "application/octet-stream"
    assert file.expire_time.seconds - file.create_time.seconds == 24 * 3600


@pytest.mark.parametrize(
    ("file_type", "name", "reason"),
    [
        ("bgm", "a.mp4", "FILE_TYPE_UNSUPPORTED"),
        ("", "a.mp4", "FIELD_INVALID"),
        ("bgm", "", "FIELD_INVALID"),
    ],
)
async def test_refused_before_a_byte_is_sent(world: World, file_type: str, name: str, reason: str) -> None:
    request = messages.BeginUploadRequest(
        storage_type=messages.STORAGE_TYPE_PERSISTENT, file_type=file_type, original_name=name
    )
    with world.user(), pytest.raises(Invalid) as refused:
        await world.stub.BeginUpload(request)
    assert refused.value.reason_name == reason


@pytest.mark.parametrize(
    ("storage_type", "name"),
    [(messages.STORAGE_TYPE_PERSISTENT, "clip.mp4"), (messages.STORAGE_TYPE_TEMP, "clip.mp4")],
)
async def test_a_renamed_text_file_is_not_an_mp4(
    world: World, storage_type: messages.StorageType.ValueType, name: str
) -> None:
    with world.user(), pytest.raises(Invalid) as refused:
        await world.upload(b"just text " * 100, name, storage_type=storage_type, file_type="digital_humans")
    assert refused.value.reason_name == "FILE_CONTENT_MISMATCH"


async def test_empty_files_are_refused(world: World) -> None:
    with world.user(), pytest.raises(Invalid) as refused:
        await world.upload(b"", "a.txt", storage_type=messages.STORAGE_TYPE_TEMP)
    assert refused.value.reason_name == "FIELD_INVALID"


async def test_a_commit_without_its_bytes_is_refused(world: World) -> None:
    with world.user():
        request = messages.BeginUploadRequest(storage_type=messages.STORAGE_TYPE_TEMP, original_name="a.txt")
        grant = await world.stub.BeginUpload(request)
        with pytest.raises(Invalid):
            await world.stub.CommitUpload(commit_of(grant.upload_id, b"never sent"))
        await world.blobs.write(grant.blob_key, chunks_of(b"shorter"), limit_bytes=100)
        with pytest.raises(Invalid):
            await world.stub.CommitUpload(commit_of(grant.upload_id, b"longer than that"))


async def test_the_limit_counts_what_lies_in_the_store(world: World) -> None:
    content = _PNG + bytes(10 * MEBIBYTE)
    with world.user():
        request = messages.BeginUploadRequest(
            storage_type=messages.STORAGE_TYPE_PERSISTENT, file_type="backgrounds", original_name="a.png"
        )
        grant = await world.stub.BeginUpload(request)
        assert grant.limit_bytes == 10 * MEBIBYTE
        await world.blobs.write(grant.blob_key, chunks_of(content), limit_bytes=len(content))
        with pytest.raises(TooLarge) as refused:
            await world.stub.CommitUpload(commit_of(grant.upload_id, content))
    assert refused.value.metadata["limit_bytes"] == str(10 * MEBIBYTE)


async def test_grants_are_personal_and_expire(world: World) -> None:
    with world.user(7):
        request = messages.BeginUploadRequest(storage_type=messages.STORAGE_TYPE_TEMP, original_name="a.txt")
        grant = await world.stub.BeginUpload(request)
        await world.blobs.write(grant.blob_key, chunks_of(b"text"), limit_bytes=100)
    with world.user(8), pytest.raises(NotFound) as refused:
        await world.stub.CommitUpload(commit_of(grant.upload_id, b"text"))
    assert refused.value.reason_name == "UPLOAD_NOT_FOUND"
    world.clock.advance(3601)
    with world.user(7), pytest.raises(NotFound):
        await world.stub.CommitUpload(commit_of(grant.upload_id, b"text"))


@pytest.mark.parametrize("sha256", ["", "x" * 64, "a" * 65])
async def test_a_commit_needs_a_real_hash(world: World, sha256: str) -> None:
    with world.user():
        request = messages.BeginUploadRequest(storage_type=messages.STORAGE_TYPE_TEMP, original_name="a.txt")
        grant = await world.stub.BeginUpload(request)
        await world.blobs.write(grant.blob_key, chunks_of(b"text"), limit_bytes=100)
        commit = commit_of(grant.upload_id, b"text")
        commit.sha256 = sha256
        with pytest.raises(Invalid) as refused:
            await world.stub.CommitUpload(commit)
    assert refused.value.reason_name == "FIELD_INVALID"


@pytest.mark.parametrize("upload_id", ["", "upload_unknown", "upload_\x00"])
async def test_unknown_uploads_are_not_found(world: World, upload_id: str) -> None:
    with world.user(), pytest.raises(NotFound) as missing:
        await world.stub.CommitUpload(commit_of(upload_id, b"text"))
    assert missing.value.reason_name == "UPLOAD_NOT_FOUND"


async def test_anonymous_callers_are_refused(world: World) -> None:
    with pytest.raises(Unauthenticated):
        await world.stub.BeginUpload(messages.BeginUploadRequest(original_name="a.txt"))
