"""Users in the hands of administrators, through the whole edge."""

from __future__ import annotations

from typing import Any

from tests.edge.golden import same_shape, same_shape_as_read
from tests.edge.platform import Platform
from voxreel.auth.v1 import user_pb2
from voxreel.billing.v1 import statistics_service_pb2

USERS = "/api/user/admin/users"
USER = "/api/user/admin/users/{user_id}"
RESET = "/api/user/admin/users/{user_id}/reset-password"
CREDITS = "/api/user/admin/users/{user_id}/credits"
STATS = "/api/user/admin/stats"
SEARCH = "/api/search/users"


async def ask(platform: Platform, method: str, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
    """A request of the administrator."""
    headers = platform.bearer(platform.admin) | options.pop("headers", {})
    async with platform.client.request(method, path, headers=headers, **options) as response:
        return response.status, await response.json()


async def test_the_list_has_profiles_with_balances(platform: Platform) -> None:
    platform.ledger.balances[platform.user.id] = 150
    platform.user.materials.works.append("file_123")
    status, reply = await ask(platform, "GET", USERS, params={"skip": "0", "limit": "10"})
    assert status == 200
    same_shape_as_read(reply, "GET", USERS)
    assert [(one["account"], one["credits"], one["works"]) for one in reply["users"]] == [
        ("admin", 0, []),
        ("testuser", 150, ["file_123"]),
    ]
    assert (reply["total"], reply["skip"], reply["limit"]) == (2, 0, 10)
    _, rest = await ask(platform, "GET", USERS, params={"skip": "1"})
    assert ([one["account"] for one in rest["users"]], rest["limit"]) == (["testuser"], 100)
    assert (await ask(platform, "GET", USERS, params={"skip": "5"}))[1]["users"] == []


async def test_an_update_answers_the_profile_as_it_is_then(platform: Platform) -> None:
    platform.ledger.balances[platform.user.id] = 7
    path = USER.format(user_id=platform.user.id)
    status, reply = await ask(platform, "PUT", path, json={"is_active": False})
    assert status == 200
    same_shape_as_read(reply, "PUT", USER)
    assert (reply["is_active"], reply["is_admin"], reply["credits"]) == (False, False, 7)
    assert platform.user.status == user_pb2.USER_STATUS_FROZEN
    _, reply = await ask(platform, "PUT", path, json={"is_active": True, "is_admin": True})
    assert (reply["is_active"], reply["is_admin"]) == (True, True)


async def test_the_last_administrator_and_unknown_users(platform: Platform) -> None:
    refused = (400, {"detail": "至少需要保留一个可用的管理员账号"})
    path = USER.format(user_id=platform.admin.id)
    assert await ask(platform, "PUT", path, json={"is_admin": False}) == refused
    assert await ask(platform, "DELETE", path) == refused
    unknown = (404, {"detail": "用户不存在"})
    assert await ask(platform, "DELETE", USER.format(user_id=99)) == unknown
    assert await ask(platform, "PUT", USER.format(user_id=99), json={"is_active": True}) == unknown
    for wrong in ("0", "x", str(2**63)):
        assert (await ask(platform, "DELETE", USER.format(user_id=wrong)))[0] == 422


async def test_a_deletion(platform: Platform) -> None:
    status, reply = await ask(platform, "DELETE", USER.format(user_id=platform.user.id))
    assert status == 200
    same_shape_as_read(reply, "DELETE", USER)
    assert platform.user.id not in platform.auth.users


async def test_a_password_is_reset(platform: Platform) -> None:
    path = RESET.format(user_id=platform.user.id)
    status, reply = await ask(platform, "PUT", path, json={"new_password": "newpassword123"})
    assert status == 200
    same_shape_as_read(reply, "PUT", RESET)
    assert platform.auth.passwords["testuser"] == "newpassword123"
    assert (await ask(platform, "PUT", path, json={"new_password": "short"}))[0] == 422


async def test_credits_are_added_subtracted_and_set(platform: Platform) -> None:
    path = CREDITS.format(user_id=platform.user.id)
    reading = {"message": "积分更新成功", "user_id": 1, "balance_before": 0, "balance_after": 100}
    balance = 0
    for operation, credits, after in (("add", 100, 100), ("subtract", 30, 70), ("set", 5, 5)):
        body = {"credits": credits, "operation": operation, "reason": "系统赠送"}
        status, reply = await ask(platform, "PUT", path, json=body)
        assert status == 200
        same_shape_as_read(reply, "PUT", CREDITS)
        assert reply == {**reading, "user_id": platform.user.id, "balance_before": balance, "balance_after": after}
        balance = after
    status, reply = await ask(platform, "PUT", path, json={"credits": 6, "operation": "subtract"})
    assert status == 400
    assert (await ask(platform, "PUT", path, json={"credits": 6, "operation": "multiply"}))[0] == 422
    assert platform.ledger.balances[platform.user.id] == 5


async def test_the_same_key_adjusts_once(platform: Platform) -> None:
    path, headers = CREDITS.format(user_id=platform.user.id), {"Idempotency-Key": "bonus-2026"}
    for _ in range(2):
        await ask(platform, "PUT", path, json={"credits": 5, "operation": "add"}, headers=headers)
    assert platform.ledger.balances[platform.user.id] == 5


async def test_numbers_of_users_and_credits(platform: Platform) -> None:
    platform.statistics.totals = statistics_service_pb2.GetCreditTotalsResponse(
        issued_credits=1000, consumed_credits=300, held_credits=50
    )
    platform.user.status = user_pb2.USER_STATUS_FROZEN
    status, reply = await ask(platform, "GET", STATS)
    assert status == 200
    wanted = {
        "total_users": 2,
        "active_users": 1,
        "admin_users": 1,
        # By the clock of the edge the users of the fake clock are old.
        "new_users_today": 0,
        "new_users_7_days": 0,
        "total_credits_issued": 1000,
        "total_credits_consumed": 300,
        "total_credits_held": 50,
    }
    same_shape_as_read(reply, "GET", STATS)
    assert reply == wanted


async def test_the_search_is_answered_as_documented(platform: Platform) -> None:
    platform.ledger.balances[platform.user.id] = 1500
    kept = platform.user.materials
    kept.works.extend(["a", "b", "c"])
    kept.backgrounds.extend(["d", "e"])
    kept.bgm.append("f")
    kept.voices.append("g")
    platform.user.last_login_time.FromDatetime(platform.clock.now())
    query = {"q": "user", "is_active": "true", "credits_min": "100"}
    status, reply = await ask(platform, "GET", SEARCH, params=query)
    assert status == 200
    same_shape(reply, "GET", SEARCH)
    (found,) = reply["users"]
    assert (found["account"], found["credits"]) == ("testuser", 1500)
    assert (found["works_count"], found["materials_count"], found["voices_count"]) == (3, 3, 1)
    assert reply["filters_applied"] == {"is_active": True, "credits_min": 100}
    assert (reply["search_keyword"], reply["total"], reply["total_pages"]) == ("user", 1, 1)


async def test_filters_narrow_the_search(platform: Platform) -> None:
    frozen = platform.auth.add_user("frozen", "password123")
    frozen.status = user_pb2.USER_STATUS_FROZEN
    platform.ledger.balances.update({platform.user.id: 100, frozen.id: 200})
    for query, accounts in (
        ({}, ["frozen", "admin", "testuser"]),
        ({"is_admin": "true"}, ["admin"]),
        ({"is_active": "false"}, ["frozen"]),
        ({"credits_min": "100"}, ["frozen", "testuser"]),
        ({"credits_min": "101", "credits_max": "200"}, ["frozen"]),
        ({"credits_max": "100"}, ["admin", "testuser"]),
        ({"credits_min": "0"}, ["frozen", "admin", "testuser"]),
        ({"credits_min": "0", "credits_max": "0"}, ["admin"]),
        ({"credits_min": "5", "credits_max": "4"}, []),
        ({"credits_min": "100", "is_active": "true"}, ["testuser"]),
    ):
        _, reply = await ask(platform, "GET", SEARCH, params={"q": "", **query})
        assert ([one["account"] for one in reply["users"]], reply["total"]) == (accounts, len(accounts)), query
    _, page = await ask(platform, "GET", SEARCH, params={"q": "", "page": "2", "page_size": "2"})
    assert ([one["account"] for one in page["users"]], page["total"], page["total_pages"]) == (["testuser"], 3, 2)
    assert await ask(platform, "GET", SEARCH) == (422, {"detail": "缺少参数 q"})
