"""Lists, statistics, searches and deletes of files."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from tests.edge.golden import same_shape, same_shape_as_read
from tests.edge.platform import Platform
from voxreel.auth.v1 import user_pb2
from voxreel.files.v1 import file_service_pb2 as files

MINE, THEIRS, TEMP, SHARED = "digital_humans_1_a.mp4", "backgrounds_2_b.png", "uuid-t.txt", "voice_preview_x.wav"


def _put(platform: Platform, file_id: str, **facts: Any) -> None:
    facts.setdefault("storage_type", files.STORAGE_TYPE_PERSISTENT)
    platform.files.put(files.File(id=file_id, **facts), f"zz/{file_id}")


@pytest_asyncio.fixture
async def stocked(platform: Platform) -> Platform:
    """A persistent file each of the user and the administrator, a temporary and a shared one."""
    mine, theirs = platform.user.id, platform.admin.id
    _put(platform, MINE, user_id=mine, file_type="digital_humans", original_name="Video.mp4", size_bytes=52428800)
    _put(platform, THEIRS, user_id=theirs, file_type="backgrounds", original_name="图.png", size_bytes=2048000)
    _put(platform, TEMP, user_id=mine, storage_type=files.STORAGE_TYPE_TEMP, original_name="t.txt", size_bytes=3)
    _put(platform, SHARED, file_type="voice_previews", storage_type=files.STORAGE_TYPE_CACHE, size_bytes=9)
    platform.files.stored[TEMP][0].expire_time.CopyFrom(platform.files.stored[TEMP][0].create_time)
    return platform


async def _get(platform: Platform, path: str, user: user_pb2.User | None = None) -> tuple[int, Any]:
    headers = {} if user is None else platform.bearer(user)
    async with platform.client.get(path, headers=headers) as response:
        return response.status, await response.json()


async def _delete(platform: Platform, path: str, user: user_pb2.User) -> tuple[int, Any]:
    async with platform.client.delete(path, headers=platform.bearer(user)) as response:
        return response.status, await response.json()


async def test_own_files(stocked: Platform) -> None:
    status, reply = await _get(stocked, "/api/files/user/list", stocked.user)
    assert status == 200
    same_shape(reply, "GET", "/api/files/user/list")
    (file,) = reply["files"]
    assert (file["file_id"], file["file_size_mb"], reply["total"]) == (MINE, 50.0, 1)
    assert await _get(stocked, "/api/files/user/list?file_type=bgm", stocked.user) == (200, {"files": [], "total": 0})


async def test_all_files(stocked: Platform) -> None:
    status, reply = await _get(stocked, "/api/files/admin/list", stocked.admin)
    assert (status, reply["total"]) == (200, 2)
    same_shape(reply, "GET", "/api/files/admin/list")
    path = f"/api/files/admin/list?file_type=digital_humans&user_id={stocked.user.id}&limit=1"
    status, reply = await _get(stocked, path, stocked.admin)
    assert [file["file_id"] for file in reply["files"]] == [MINE]
    assert (reply["file_type_filter"], reply["user_id_filter"]) == ("digital_humans", stocked.user.id)


async def test_statistics(stocked: Platform) -> None:
    status, reply = await _get(stocked, "/api/files/stats", stocked.admin)
    assert status == 200
    same_shape(reply, "GET", "/api/files/stats")
    kept, stored = reply["persistent_files_stats"], reply["filesystem_stats"]
    assert (kept["digital_humans"], kept["backgrounds"], kept["bgm"], kept["total_files"]) == (1, 1, 0, 2)
    assert stored == {"total_files": 4, "total_size": 52428800 + 2048000 + 12, "temp_files": 1}


async def test_the_documented_search(stocked: Platform) -> None:
    path = "/api/search/files?q=图&file_type=backgrounds&size_min=1000000"
    status, reply = await _get(stocked, path, stocked.admin)
    assert status == 200
    same_shape(reply, "GET", "/api/search/files")
    assert reply["filters_applied"] == {"file_type": "backgrounds", "size_min": 1000000}
    assert (reply["search_keyword"], reply["total"], reply["total_pages"]) == ("图", 1, 1)
    (file,) = reply["files"]
    assert (file["extension"], file["size_human"], file["user_account"]) == (".png", "2.0 MB", "admin")
    assert not file["file_path"].startswith("/")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=video", [MINE]),
        ("q=p&page_size=1&page=2", [MINE]),
        ("q=p&page=3", []),
        ("q=p&user_id={user}", [MINE]),
        ("q=p&size_max=2048000", [THEIRS]),
        ("q=t.txt", []),
    ],
)
async def test_searches(stocked: Platform, query: str, found: list[str]) -> None:
    path = f"/api/search/files?{query.format(user=stocked.user.id)}"
    status, reply = await _get(stocked, path, stocked.admin)
    assert (status, [file["file_id"] for file in reply["files"]]) == (200, found)


@pytest.mark.parametrize(
    "path",
    [
        "/api/search/files",
        "/api/search/files?q=",
        "/api/search/files?q=a&size_min=-1",
        "/api/search/files?q=a&page=0",
        "/api/search/files?q=a&page_size=101",
        "/api/files/admin/list?limit=1001",
        "/api/files/admin/list?user_id=x",
        "/api/files/cache/list?offset=-1",
        "/api/files/cache/list?is_temp=perhaps",
    ],
)
async def test_malformed_queries(stocked: Platform, path: str) -> None:
    status, reply = await _get(stocked, path, stocked.admin)
    assert (status, list(reply)) == (422, ["detail"])


@pytest.mark.parametrize("path", ["/api/files/admin/list", "/api/files/stats", "/api/search/files?q=a"])
async def test_only_administrators_see_everybodys(stocked: Platform, path: str) -> None:
    assert (await _get(stocked, path))[0] == 401
    assert (await _get(stocked, path, stocked.user))[0] == 403


async def test_the_cache_list_shows_strangers_only_what_is_shared(stocked: Platform) -> None:
    async def ids(path: str, user: user_pb2.User | None = None) -> list[str]:
        status, reply = await _get(stocked, path, user)
        assert (status, reply["total"]) == (200, len(reply["files"]))
        return [file["file_id"] for file in reply["files"]]

    assert await ids("/api/files/cache/list") == [SHARED]
    assert await ids("/api/files/cache/list", stocked.admin) == [SHARED]
    assert await ids("/api/files/cache/list", stocked.user) == [TEMP, SHARED]
    assert await ids("/api/files/cache/list?is_temp=true", stocked.user) == [TEMP]
    assert await ids("/api/files/cache/list?is_temp=false&file_type=voice_previews", stocked.user) == [SHARED]


async def test_the_cache_list_says_where_it_stands(stocked: Platform) -> None:
    status, reply = await _get(stocked, "/api/files/cache/list?limit=1&offset=1", stocked.user)
    assert status == 200
    same_shape_as_read(reply, "GET", "/api/files/cache/list")
    assert {**reply, "files": len(reply["files"])} == {"files": 1, "total": 2, "limit": 1, "offset": 1}


async def test_facts_of_a_cached_file(stocked: Platform) -> None:
    status, reply = await _get(stocked, f"/api/files/cache/{TEMP}", stocked.user)
    same_shape_as_read(reply, "GET", "/api/files/cache/{file_id}")
    assert (status, reply["is_temp"], reply["file_size"]) == (200, True, 3)
    assert reply["url"] == f"/api/files/download/{TEMP}?storage_type=temp"
    assert reply["expires_at"] == reply["created_at"]
    status, reply = await _get(stocked, f"/api/files/cache/{SHARED}", stocked.user)
    assert (status, reply["expires_at"]) == (200, None)
    for file_id, user in ((MINE, stocked.user), ("none", stocked.user), (THEIRS, stocked.user)):
        status, reply = await _get(stocked, f"/api/files/cache/{file_id}", user)
        assert (status, reply) == (404, {"detail": f"文件不存在: {file_id}"})


async def test_deleting_a_file(stocked: Platform) -> None:
    path = f"/api/files/digital_humans/{MINE}"
    assert (await _delete(stocked, f"/api/files/bgm/{MINE}", stocked.user))[0] == 404
    status, reply = await _delete(stocked, path, stocked.user)
    assert status == 200
    same_shape(reply, "DELETE", "/api/files/{file_type}/{file_id}")
    assert reply == {"message": "文件删除成功"}
    assert await _delete(stocked, path, stocked.user) == (404, {"detail": f"文件不存在: {MINE}"})


async def test_whose_files_may_be_deleted(stocked: Platform) -> None:
    assert (await _delete(stocked, f"/api/files/backgrounds/{THEIRS}", stocked.user))[0] == 404
    assert (await _delete(stocked, f"/api/files/digital_humans/{MINE}", stocked.admin))[0] == 200
    async with stocked.client.delete(f"/api/files/backgrounds/{THEIRS}") as response:
        assert response.status == 401


async def test_deleting_what_is_cached(stocked: Platform) -> None:
    assert (await _delete(stocked, f"/api/files/cache/{MINE}", stocked.user))[0] == 404
    assert (await _delete(stocked, f"/api/files/cache/{SHARED}", stocked.user))[0] == 403
    assert (await _delete(stocked, f"/api/files/cache/{SHARED}", stocked.admin))[0] == 200
    status, reply = await _delete(stocked, f"/api/files/cache/{TEMP}", stocked.user)
    assert status == 200
    same_shape_as_read(reply, "DELETE", "/api/files/cache/{file_id}")


async def test_a_temporary_file_is_of_the_type_temp(stocked: Platform) -> None:
    assert (await _delete(stocked, f"/api/files/temp/{TEMP}", stocked.user))[0] == 200
