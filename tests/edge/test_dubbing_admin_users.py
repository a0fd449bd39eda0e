"""Administration of users in the dubbing dialect through the whole edge."""

from __future__ import annotations

import pytest

from tests.edge.golden import same_shape
from tests.edge.platform import Platform
from voxreel.auth.v1 import user_pb2

USERS = "/api/admin/users"


def add_phone_user(platform: Platform, phone: str) -> user_pb2.User:
    user = platform.auth.add_user(phone, "")
    user.phone = phone
    return user


async def get(platform: Platform, path: str) -> tuple[int, dict[str, object]]:
    async with platform.client.get(path, headers=platform.bearer(platform.admin)) as response:
        return response.status, await response.json()


async def test_the_list(platform: Platform) -> None:
    user = add_phone_user(platform, "13800138000")
    platform.ledger.balances[user.id] = 1000
    platform.user.status = user_pb2.USER_STATUS_FROZEN
    status, reply = await get(platform, USERS)
    assert status == 200
    same_shape(reply, "GET", "/api/admin/users", nullable=("credits_expire_at",))
    data = reply["data"]
    assert isinstance(data, dict)
    assert (data["total"], data["page"], data["size"], data["total_pages"]) == (3, 1, 10, 1)
    assert data["items"][0] == {
        "id": user.id,
        "uid": user.id,
        "phone": "13800138000",
        "username": "",
        "status": "active",
        "credits": "1,000 pts",
        "credits_expire_at": None,
        "operations": ["详情", "冻结"],
    }
    frozen = data["items"][2]
    assert (frozen["username"], frozen["phone"], frozen["status"]) == ("testuser", "", "frozen")
    assert frozen["operations"] == ["详情", "解冻"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("keyword=13800", ["13800138000"]),
        ("keyword=%201390%20&status_filter=active", ["13900139000"]),
        ("keyword=1", ["13900139000", "13800138000", ""]),
        ("status_filter=frozen", []),
        ("keyword=nobody", []),
        ("page=2&size=1", ["13800138000"]),
        ("page=9&size=100", []),
    ],
)
async def test_search_and_pages(platform: Platform, query: str, found: list[str]) -> None:
    for phone in ("13800138000", "13900139000"):
        add_phone_user(platform, phone)
    _, reply = await get(platform, f"{USERS}?{query}")
    data = reply["data"]
    assert isinstance(data, dict)
    assert [item["phone"] for item in data["items"]] == found


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("status_filter=gone", "参数 status_filter 只能是 active、frozen"),
        ("size=101", "参数 size 不能大于 100"),
        ("page=0", "参数 page 不能小于 1"),
    ],
)
async def test_malformed_queries(platform: Platform, query: str, message: str) -> None:
    refused = {"code": 400, "message": message, "data": None}
    assert await get(platform, f"{USERS}?{query}") == (400, refused)


async def test_details(platform: Platform) -> None:
    platform.ledger.balances[platform.user.id] = 1000
    _, reply = await get(platform, f"{USERS}/{platform.user.id}")
    same_shape(reply, "GET", "/api/admin/users/{user_id}", nullable=("credits_expire_at", "last_login"))
    data = reply["data"]
    assert isinstance(data, dict)
    assert (data["credits"], data["created_at"], data["username"]) == (1000, "2026-01-01 20:00:00", "testuser")
    missing = {"code": 404, "message": "User not found", "data": None}
    assert await get(platform, f"{USERS}/987") == (404, missing)


async def test_freeze_and_unfreeze(platform: Platform) -> None:
    path, headers = f"{USERS}/{platform.user.id}/status", platform.bearer(platform.admin)
    for status in ("frozen", "active"):
        platform.clock.advance(60)
        async with platform.client.patch(path, json={"status": status}, headers=headers) as response:
            reply = await response.json()
        assert response.status == 200
        same_shape(reply, "PATCH", "/api/admin/users/{user_id}/status")
        assert reply["data"]["status"] == status
    assert reply["data"]["updated_at"] == "2026-01-01 20:02:00"
    assert platform.user.status == user_pb2.USER_STATUS_ACTIVE


@pytest.mark.parametrize(
    ("user_id", "body", "status", "message"),
    [
        (1, {}, 400, "status field is required"),
        (1, {"status": None}, 400, "status field is required"),
        (1, {"status": "gone"}, 400, "Invalid status. Must be: active or frozen"),
        (1, {"status": 1}, 400, "Invalid status. Must be: active or frozen"),
        (987, {"status": "frozen"}, 404, "User not found"),
    ],
)
async def test_the_documented_refusals(
    platform: Platform, user_id: int, body: dict[str, object], status: int, message: str
) -> None:
    path, headers = f"{USERS}/{user_id}/status", platform.bearer(platform.admin)
    async with platform.client.patch(path, json=body, headers=headers) as response:
        assert (response.status, await response.json()) == (status, {"code": status, "message": message, "data": None})


async def test_only_administrators(platform: Platform) -> None:
    async with platform.client.get(USERS, headers=platform.bearer()) as response:
        refused = {"code": 403, "message": "需要管理员权限", "data": None}
        assert (response.status, await response.json()) == (403, refused)
