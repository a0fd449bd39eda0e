"""Material lists through the whole edge."""

from __future__ import annotations

from typing import Any

import pytest

from tests.edge.golden import same_shape, same_shape_as_read
from tests.edge.platform import Platform
from voxreel.files.v1 import file_service_pb2 as files


async def ask(platform: Platform, method: str, path: str, file_id: str) -> tuple[int, dict[str, Any]]:
    """Adds or removes as the user."""
    async with platform.client.request(method, path, json={"file_id": file_id}, headers=platform.bearer()) as response:
        return response.status, await response.json()


async def change(platform: Platform, method: str, path: str, file_id: str) -> dict[str, Any]:
    """The same, which must go well."""
    status, reply = await ask(platform, method, path, file_id)
    assert status == 200, reply
    return reply


@pytest.fixture
def file_id(platform: Platform) -> str:
    """A file of the user."""
    platform.files.stored["video_123456"] = (files.File(id="video_123456", user_id=platform.user.id), b"")
    return "video_123456"


async def test_replies_are_as_documented(platform: Platform, file_id: str) -> None:
    async def done(method: str, path: str) -> dict[str, Any]:
        return await change(platform, method, path, file_id)

    reply = await done("POST", "/api/user/materials/works/add")
    same_shape(reply, "POST", "/api/user/materials/works/add")
    assert reply == {"message": "作品添加成功"}
    reply = await done("POST", "/api/user/materials/digital-human/add")
    same_shape_as_read(reply, "POST", "/api/user/materials/digital-human/add")
    reply = await done("POST", "/api/user/materials/background/add")
    same_shape_as_read(reply, "POST", "/api/user/materials/background/add")
    reply = await done("POST", "/api/user/materials/voice/add")
    same_shape_as_read(reply, "POST", "/api/user/materials/voice/add")
    reply = await done("POST", "/api/user/materials/bgm/add")
    same_shape_as_read(reply, "POST", "/api/user/materials/bgm/add")
    kept = platform.user.materials
    assert [list(each) for each in (kept.works, kept.digital_humans, kept.backgrounds, kept.voices, kept.bgm)] == [
        [file_id]
    ] * 5
    reply = await done("DELETE", "/api/user/materials/works/remove")
    same_shape_as_read(reply, "DELETE", "/api/user/materials/works/remove")
    assert reply == {"message": "作品移除成功"}
    reply = await done("DELETE", "/api/user/materials/digital-human/remove")
    same_shape_as_read(reply, "DELETE", "/api/user/materials/digital-human/remove")
    reply = await done("DELETE", "/api/user/materials/background/remove")
    same_shape_as_read(reply, "DELETE", "/api/user/materials/background/remove")
    reply = await done("DELETE", "/api/user/materials/voice/remove")
    same_shape_as_read(reply, "DELETE", "/api/user/materials/voice/remove")
    reply = await done("DELETE", "/api/user/materials/bgm/remove")
    same_shape_as_read(reply, "DELETE", "/api/user/materials/bgm/remove")
    assert not kept.works
    assert not kept.bgm


async def test_a_file_that_is_not_there_or_anothers_is_not_added(platform: Platform) -> None:
    platform.files.stored["theirs"] = (files.File(id="theirs", user_id=platform.admin.id), b"")
    for file_id in ("video_123456", "theirs"):
        for segment in ("works", "digital-human", "background", "bgm"):
            answer = await ask(platform, "POST", f"/api/user/materials/{segment}/add", file_id)
            assert answer == (404, {"detail": f"文件不存在: {file_id}"})
    assert not any(name == "AddMaterial" for name, _ in platform.auth.refusals.calls)


async def test_voices_are_not_checked(platform: Platform) -> None:
    for _ in range(2):
        await change(platform, "POST", "/api/user/materials/voice/add", "voice_123456")
    assert list(platform.user.materials.voices) == ["voice_123456"]
    assert not platform.files.refusals.calls


async def test_what_is_not_on_the_list_cannot_be_removed(platform: Platform) -> None:
    answer = await ask(platform, "DELETE", "/api/user/materials/works/remove", "video_123456")
    assert answer == (404, {"detail": "素材不存在: video_123456"})


async def test_a_request_without_an_id_is_malformed(platform: Platform) -> None:
    for body, detail in (({}, "缺少参数 file_id"), ({"file_id": ""}, "参数 file_id 不能少于 1 个字符")):
        async with platform.client.delete(
            "/api/user/materials/works/remove", json=body, headers=platform.bearer()
        ) as response:
            assert (response.status, await response.json()) == (422, {"detail": detail})
