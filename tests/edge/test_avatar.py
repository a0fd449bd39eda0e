"""Avatars through the whole edge."""

from __future__ import annotations

import pytest
from aiohttp import FormData

from kit.errors import DomainError, Invalid
from tests.edge.golden import same_shape
from tests.edge.platform import Platform
from voxreel.common.v1 import error_reason_pb2 as reasons

AVATAR = "/api/files/avatar"
TYPES = "不支持的文件类型，仅支持: .jpg, .jpeg, .png, .gif, .webp"


def form(content: bytes, field: str = "avatar_file") -> FormData:
    data = FormData()
    data.add_field(field, content, filename="me.png", content_type="image/png")
    return data


async def upload(platform: Platform, content: bytes) -> tuple[int, dict[str, object]]:
    async with platform.client.post(AVATAR, data=form(content), headers=platform.bearer()) as response:
        return response.status, await response.json()


async def test_an_avatar_replaces_the_one_before_it(platform: Platform) -> None:
    status, reply = await upload(platform, b"first")
    assert (status, reply["code"], reply["message"]) == (201, 201, "头像上传成功")
    same_shape(reply, "POST", "/api/files/avatar")
    data = reply["data"]
    assert isinstance(data, dict)
    assert (data["file_size"], data["is_duplicate"]) == (5, False)
    assert str(data["avatar_url"]).startswith("/api/files/download/signed-")
    assert platform.files.lives == [3650 * 86_400]
    outcomes = [(await upload(platform, content))[1]["data"] for content in (b"first", b"second")]
    assert [outcome["is_duplicate"] for outcome in outcomes if isinstance(outcome, dict)] == [True, False]
    assert len(platform.files.stored) == 1


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        (Invalid(reasons.ERROR_REASON_FILE_TYPE_UNSUPPORTED, "不支持的文件格式"), TYPES),
        (Invalid(reasons.ERROR_REASON_FILE_CONTENT_MISMATCH, "文件内容与扩展名不符"), TYPES),
    ],
)
async def test_what_is_no_picture(platform: Platform, refusal: DomainError, message: str) -> None:
    platform.files.refusals.by_method["BeginUpload"] = refusal
    assert await upload(platform, b"text") == (400, {"code": 400, "message": message, "data": None})


async def test_what_is_too_large(platform: Platform) -> None:
    platform.files.limit_bytes = 10
    refused = {"code": 400, "message": "文件大小超过限制（最大 5MB）", "data": None}
    assert await upload(platform, b"more than ten bytes") == (400, refused)


async def test_another_field_is_no_avatar(platform: Platform) -> None:
    async with platform.client.post(AVATAR, data=form(b"x", "file"), headers=platform.bearer()) as response:
        refused = {"code": 400, "message": "缺少上传文件 avatar_file", "data": None}
        assert (response.status, await response.json()) == (400, refused)
