"""The store of file contents has no room left: a clear refusal, nothing half-written, and all is well once there is."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import FormData

from tests.edge.platform import Platform

UPLOAD = "/api/files/upload?file_type=digital_humans"
AVATAR = "/api/files/avatar"
ROOM_BYTES = 64 << 10
MESSAGE = "存储空间不足，请稍后重试"


@contextmanager
def room(size_bytes: int) -> Iterator[None]:
    """The system refuses to write a file longer than this. To the store it is the same as a disk that is full, and it
    needs no rights: Python ignores the signal that comes with it."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


def _form(field: str, content: bytes, name: str) -> FormData:
    form = FormData()
    form.add_field(field, content, filename=name, content_type="image/png")
    return form


def _files_in_store(platform: Platform) -> list[Path]:
    """Everything there, also what is unfinished."""
    folder = Path(platform.app.config.blobs_url.removeprefix("file://"))
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("size_bytes", [128 << 10, 12 << 20], ids=["at once", "in parts"])
async def test_an_upload_is_refused_whole_and_taken_when_there_is_room(platform: Platform, size_bytes: int) -> None:
    content = bytes(size_bytes)
    with room(ROOM_BYTES):
        form = _form("file", content, "video.mp4")
        async with platform.client.post(UPLOAD, data=form, headers=platform.bearer()) as response:
            assert (response.status, await response.json()) == (507, {"detail": MESSAGE})
            assert response.headers["X-Error-Reason"] == "STORAGE_FULL"
            assert response.headers["Retry-After"] == "60"
        assert _files_in_store(platform) == []
        assert platform.files.commits == []
        small = _form("file", b"fits", "video.mp4")
        async with platform.client.post(UPLOAD, data=small, headers=platform.bearer()) as response:
            assert response.status == 200
    form = _form("file", content, "video.mp4")
    async with platform.client.post(UPLOAD, data=form, headers=platform.bearer()) as response:
        assert response.status == 200
    assert sorted(path.stat().st_size for path in _files_in_store(platform)) == [4, size_bytes]


async def test_the_dubbing_dialect_keeps_to_its_codes(platform: Platform) -> None:
    with room(ROOM_BYTES):
        form = _form("avatar_file", bytes(2 * ROOM_BYTES), "me.png")
        async with platform.client.post(AVATAR, data=form, headers=platform.bearer()) as response:
            assert (response.status, await response.json()) == (500, {"code": 500, "message": MESSAGE, "data": None})
    assert _files_in_store(platform) == []
