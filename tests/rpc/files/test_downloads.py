"""Finding and reading files."""

from __future__ import annotations

import pytest

from kit.errors import Forbidden, Invalid, NotFound
from kit.rpc.client import Peer
from tests.rpc.files.conftest import World
from voxreel.files.v1 import file_service_pb2 as messages
from voxreel.files.v1 import file_service_pb2_grpc

_PNG = b"\x89PNG\r\n\x1a\n" + bytes(600 * 1024)


async def _background(world: World, user_id: int = 7) -> messages.File:
    with world.user(user_id):
        return await world.upload(_PNG, "a.png", file_type="backgrounds")


async def test_anybody_who_knows_the_id_may_open_it(world: World) -> None:
    file = await _background(world)
    opened = await world.stub.OpenDownload(messages.OpenDownloadRequest(file_id=file.id))
    assert opened.file == file
    assert await world.blobs.size(opened.blob_key) == len(_PNG)


async def test_the_extension_may_be_left_out(world: World) -> None:
    file = await _background(world)
    opened = await world.stub.OpenDownload(messages.OpenDownloadRequest(file_id=file.id.removesuffix(".png")))
    assert opened.file.id == file.id


async def test_other_ids_are_not_found(world: World) -> None:
    file = await _background(world)
    for other in (file.id + "x", "x" + file.id, file.id.replace(".png", ".mp4"), "../" + file.id, ""):
        with pytest.raises(NotFound) as missing:
            await world.stub.OpenDownload(messages.OpenDownloadRequest(file_id=other))
        assert missing.value.reason_name == "FILE_NOT_FOUND"


async def test_the_storage_narrows_the_search(world: World) -> None:
    file = await _background(world)
    request = messages.OpenDownloadRequest(file_id=file.id, storage_type=messages.STORAGE_TYPE_PERSISTENT)
    assert (await world.stub.OpenDownload(request)).file.id == file.id
    request.storage_type = messages.STORAGE_TYPE_TEMP
    with pytest.raises(NotFound):
        await world.stub.OpenDownload(request)
    request.storage_type = messages.STORAGE_TYPE_UNSPECIFIED
    with pytest.raises(Invalid):
        await world.stub.OpenDownload(request)


async def test_facts_are_for_the_owner_and_administrators(world: World) -> None:
    file = await _background(world, user_id=7)
    request = messages.GetFileRequest(file_id=file.id)
    with world.user(8), pytest.raises(NotFound):
        await world.stub.GetFile(request)
    with world.user(9, is_admin=True):
        assert (await world.stub.GetFile(request)).file.user_id == 7


async def test_services_read_the_bytes_in_small_chunks(world: World) -> None:
    file = await _background(world)
    parts = [part async for part in world.stub.DownloadFile(messages.DownloadFileRequest(file_id=file.id))]
    assert parts[0].file == file
    assert max(len(part.chunk) for part in parts) == 256 * 1024
    assert b"".join(part.chunk for part in parts) == _PNG


async def test_the_stream_is_for_services_only(world: World) -> None:
    file = await _background(world)
    async with Peer(world.address, caller="stranger", service_token="guessed-wrong-token") as stranger:
        stub = stranger.stub(file_service_pb2_grpc.FileServiceStub)
        with world.user(7), pytest.raises(Forbidden):
            async for _ in stub.DownloadFile(messages.DownloadFileRequest(file_id=file.id)):
                pass


async def test_expired_files_are_gone_before_they_are_swept(world: World) -> None:
    with world.user():
        file = await world.upload(b"text", "a.txt", storage_type=messages.STORAGE_TYPE_TEMP)
        world.clock.advance(24 * 3600)
        with pytest.raises(NotFound):
            await world.stub.GetFile(messages.GetFileRequest(file_id=file.id))
