"""A user has one avatar: a new one takes the place of the one before it, whose links end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from kit.errors import Invalid, NotFound
from kit.rpc.times import duration_of
from services.files.domain.limits import MEBIBYTE
from services.files.store.tables import EVENT_TABLES
from tests.rpc.files.conftest import World
from voxreel.files.v1 import file_service_pb2 as messages

_PNG, _GIF = b"\x89PNG\r\n\x1a\n" + bytes(100), b"GIF89a" + bytes(100)


async def link_to(world: World, file: messages.File) -> str:
    life = duration_of(timedelta(days=3650))
    signed = await world.stub.SignDownloads(messages.SignDownloadsRequest(file_ids=[file.id], life=life))
    return signed.downloads[0].link


async def test_a_new_avatar_ends_the_links_to_the_old_one(world: World) -> None:
    with world.user(8):
        theirs = await world.upload(_PNG, "they.png", file_type="avatars")
    with world.user(7):
        background = await world.upload(_PNG, "b.png", file_type="backgrounds")
        old = await world.upload(_PNG, "me.png", file_type="avatars")
        old_link = await link_to(world, old)
        new = await world.upload(_GIF, "me.gif", file_type="avatars")
        new_link = await link_to(world, new)
        kept = await world.stub.ListOwnFiles(messages.ListOwnFilesRequest(page_size=10))
    assert {file.id for file in kept.files} == {background.id, new.id}
    world.clock.advance(timedelta(days=3649).total_seconds())
    assert (await world.stub.OpenDownload(messages.OpenDownloadRequest(file_id=new_link))).file.id == new.id
    with pytest.raises(NotFound):
        await world.stub.OpenDownload(messages.OpenDownloadRequest(file_id=old_link))
    assert (await world.stub.OpenDownload(messages.OpenDownloadRequest(file_id=theirs.id))).file.user_id == 8
    subjects = select(EVENT_TABLES.outbox.c.subject)
    told = await world.database.read(lambda connection: list(connection.scalars(subjects)))
    assert told.count("evt.files.file.deleted") == 1


async def test_the_same_picture_again_stays(world: World) -> None:
    with world.user(7):
        await world.upload(_PNG, "me.png", file_type="avatars")
        again = await world.upload(_PNG, "me.png", file_type="avatars")
        opened = await world.stub.OpenDownload(messages.OpenDownloadRequest(file_id=again.id))
    assert await world.blobs.size(opened.blob_key) == len(_PNG)


async def test_what_is_no_avatar(world: World) -> None:
    with world.user(7):
        with pytest.raises(Invalid, match="FILE_TYPE_UNSUPPORTED"):
            await world.upload(_PNG, "me.svg", file_type="avatars")
        with pytest.raises(Invalid, match="FILE_CONTENT_MISMATCH"):
            await world.upload(b"<script>", "me.png", file_type="avatars")
        grant = await world.stub.BeginUpload(
            messages.BeginUploadRequest(
                storage_type=messages.STORAGE_TYPE_PERSISTENT, file_type="avatars", original_name="me.png"
            )
        )
        assert grant.limit_bytes == 5 * MEBIBYTE
