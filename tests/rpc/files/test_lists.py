"""Who sees which files in lists, and links to them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kit.errors import Forbidden, Invalid, NotFound
from kit.rpc.times import duration_of
from tests.rpc.files.conftest import WAV, World, upload_cached
from voxreel.files.v1 import file_service_pb2 as messages

_PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


async def test_users_see_their_own_and_administrators_all(world: World) -> None:
    with world.user(7):
        mine = await world.upload(WAV, "a.wav", file_type="bgm")
        await world.upload(b"text", "t.txt", storage_type=messages.STORAGE_TYPE_TEMP)
        with pytest.raises(Forbidden):
            await world.stub.ListFiles(messages.ListFilesRequest())
        with pytest.raises(Forbidden):
            await world.stub.GetFileStats(messages.GetFileStatsRequest())
    with world.user(8):
        theirs = await world.upload(_PNG, "b.png", file_type="backgrounds")
        own = await world.stub.ListOwnFiles(messages.ListOwnFilesRequest())
        none = await world.stub.ListOwnFiles(messages.ListOwnFilesRequest(file_type="bgm"))
    assert ([file.id for file in own.files], own.total_size, none.total_size) == ([theirs.id], 1, 0)
    with world.user(1, is_admin=True):
        everything = await world.stub.ListFiles(messages.ListFilesRequest())
        wanted = messages.FileFilter(user_id=7, keyword="A.", min_size_bytes=1)
        searched = await world.stub.ListFiles(messages.ListFilesRequest(filter=wanted))
        stats = await world.stub.GetFileStats(messages.GetFileStatsRequest())
        with pytest.raises(Invalid):
            await world.stub.ListFiles(messages.ListFilesRequest(page_size=1001))
    assert everything.total_size == 2
    assert [listed.file.id for listed in searched.files] == [mine.id]
    assert searched.files[0].blob_key
    counts = {(count.storage_type, count.file_type): (count.files, count.size_bytes) for count in stats.counts}
    assert counts[(messages.STORAGE_TYPE_PERSISTENT, "bgm")] == (1, len(WAV))
    assert counts[(messages.STORAGE_TYPE_TEMP, "")] == (1, 4)
    assert (stats.blobs, stats.blob_bytes) == (3, len(WAV) + len(_PNG) + 4)


async def test_strangers_see_only_what_is_shared(world: World) -> None:
    shared = await upload_cached(world, "voice_preview_zhichu")
    with world.user(7):
        temp = await world.upload(b"text", "t.txt", storage_type=messages.STORAGE_TYPE_TEMP)
        mine = await world.stub.ListCachedFiles(messages.ListCachedFilesRequest())
        temps = await world.stub.ListCachedFiles(messages.ListCachedFilesRequest(is_temp=True))
        cached = await world.stub.ListCachedFiles(messages.ListCachedFilesRequest(is_temp=False))
        assert (await world.stub.GetFile(messages.GetFileRequest(file_id=shared.id))).file == shared
    nobody = await world.stub.ListCachedFiles(messages.ListCachedFilesRequest())
    typed = await world.stub.ListCachedFiles(messages.ListCachedFilesRequest(file_type="other"))
    assert {file.id for file in mine.files} == {shared.id, temp.id}
    assert [file.id for file in temps.files] == [temp.id]
    assert [file.id for file in cached.files] == [shared.id]
    assert ([file.id for file in nobody.files], nobody.total_size) == ([shared.id], 1)
    assert typed.total_size == 0


async def test_links_open_their_file_until_they_end(world: World) -> None:
    with world.user(8):
        theirs = await world.upload(WAV, "b.wav", file_type="bgm")
    with world.user(7):
        mine = await world.upload(WAV, "a.wav", file_type="bgm")
        request = messages.SignDownloadsRequest(
            file_ids=[mine.id, theirs.id, "none.wav"], life=duration_of(timedelta(hours=1))
        )
        (signed,) = (await world.stub.SignDownloads(request)).downloads
    assert signed.file_id == mine.id
    assert mine.id not in signed.link
    opened = await world.stub.OpenDownload(messages.OpenDownloadRequest(file_id=signed.link))
    assert (opened.file, opened.link_expire_time) == (mine, signed.expire_time)
    world.clock.advance(3600)
    with pytest.raises(Forbidden) as refused:
        await world.stub.OpenDownload(messages.OpenDownloadRequest(file_id=signed.link))
    assert refused.value.reason_name == "FILE_LINK_EXPIRED"
    assert (await world.stub.OpenDownload(messages.OpenDownloadRequest(file_id=mine.id))).file == mine


async def test_a_link_to_a_deleted_file_does_not_tell_its_id(world: World) -> None:
    with world.user(7):
        file = await world.upload(WAV, "a.wav", file_type="bgm")
        request = messages.SignDownloadsRequest(file_ids=[file.id], life=duration_of(timedelta(hours=1)))
        (signed,) = (await world.stub.SignDownloads(request)).downloads
        await world.stub.DeleteFile(messages.DeleteFileRequest(file_id=file.id))
    with pytest.raises(NotFound) as missing:
        await world.stub.OpenDownload(messages.OpenDownloadRequest(file_id=signed.link))
    assert file.id not in missing.value.message


async def test_links_are_made_in_bounds(world: World) -> None:
    hour = duration_of(timedelta(hours=1))
    with world.user(7):
        for request in (
            messages.SignDownloadsRequest(file_ids=["a"] * 101, life=hour),
            messages.SignDownloadsRequest(file_ids=["a"]),
            messages.SignDownloadsRequest(file_ids=["a"], life=duration_of(timedelta(days=4000))),
        ):
            with pytest.raises(Invalid):
                await world.stub.SignDownloads(request)
