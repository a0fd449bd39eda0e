"""Invite codes and credits of the dubbing dialect, as users and administrators meet them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import orjson
import pytest

from kit.errors import RateLimited, Unavailable
from tests.edge.golden import same_shape
from tests.edge.platform import Platform
from tests.fakes.servicers_invites import code_of
from voxreel.auth.v1 import user_pb2
from voxreel.billing.v1 import invite_service_pb2 as invites
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.billing.v1 import statistics_service_pb2 as statistics
from voxreel.common.v1 import error_reason_pb2 as reasons

USE = "/api/auth/use-invite-code"
BALANCE = "/api/credits/balance"
MINE = "/api/credits/transactions"
GENERATE = "/api/admin/invite-codes/generate"
INVITES = "/api/admin/invite-codes"
TRANSACTIONS = "/api/admin/transactions"
RECHARGE = "/api/admin/credits/recharge"
CREDITS = "/api/admin/credits/transactions"
# The fake clock stands at noon of 2026-01-01 in UTC; times are shown in Shanghai.
NOW = "2026-01-01 20:00:00"
IN_A_YEAR = "2027-01-01T20:00:00"
# What provokes each refusal that the document shows for these endpoints.
PROVOKED_BY: Mapping[str, dict[str, Any]] = {
    "Invalid start_date format. Use: YYYY/MM/DD": {"params": {"start_date": "2026-01-01"}},
    "user_id and amount are required": {"json": {"user_id": 1}},
    "User not found": {"json": {"user_id": 999, "amount": 500}},
}


def documented_refusals() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and body of the errors in the document."""
    entries = orjson.loads(files("edge.contract").joinpath("endpoints.json").read_bytes())
    for entry in entries:
        if entry["path"] in {USE, BALANCE, MINE, GENERATE, INVITES, TRANSACTIONS, RECHARGE, CREDITS}:
            for body in entry["error_examples"]:
                yield entry["method"], entry["path"], body


@pytest.mark.parametrize(("method", "path", "body"), list(documented_refusals()))
async def test_refusals_are_worded_as_documented(
    platform: Platform, method: str, path: str, body: dict[str, Any]
) -> None:
    sent = PROVOKED_BY[body["message"]]
    assert await ask(platform, method, path, user=platform.admin, **sent) == (body["code"], body)


def test_each_of_them_is_provoked() -> None:
    assert {body["message"] for _, _, body in documented_refusals()} == PROVOKED_BY.keys()


async def ask(
    platform: Platform,
    method: str,
    path: str,
    *,
    user: user_pb2.User | None = None,
    key: str | None = None,
    **sent: Any,
) -> tuple[int, Any]:
    """Status and body; the two codes must agree."""
    headers = platform.bearer(user) | ({} if key is None else {"Idempotency-Key": key})
    async with platform.client.request(method, path, headers=headers, **sent) as response:
        body = await response.json()
    assert body["code"] == response.status
    return response.status, body


async def data_of(platform: Platform, path: str, *, user: user_pb2.User | None = None, **query: str) -> Any:
    status, body = await ask(platform, "GET", path, user=user or platform.admin, params=query)
    assert (status, body["message"]) == (200, "success"), body
    return body["data"]


def refused(code: int, message: str) -> tuple[int, dict[str, object]]:
    return code, {"code": code, "message": message, "data": None}


async def generated(platform: Platform) -> str:
    code: str = (await data_of(platform, GENERATE))["code"]
    return code


async def test_an_invite_code_is_generated_as_documented(platform: Platform) -> None:
    async with platform.client.get(GENERATE, headers=platform.bearer(platform.admin)) as response:
        reply = await response.json()
        assert response.headers["Cache-Control"] == "no-store"
    same_shape(reply, "GET", GENERATE)
    assert reply["data"] == {
        "code": code_of(1),
        "status": "unused",
        "credits_amount": 1000,
        "created_at": NOW,
        "used_at": None,
        "used_by_id": None,
    }
    assert await generated(platform) == code_of(2)


async def test_the_same_key_generates_one_invite_code(platform: Platform) -> None:
    replies = [await ask(platform, "GET", GENERATE, user=platform.admin, key="k-1") for _ in range(2)]
    assert replies[0] == replies[1]
    assert len(platform.invites.codes) == 1
    assert await ask(platform, "GET", GENERATE, user=platform.admin, key="k 2") == refused(
        400, "请求头 Idempotency-Key 必须是 1 到 128 个可见 ASCII 字符"
    )


async def test_generating_is_never_tried_again_on_the_way(platform: Platform) -> None:
    platform.invites.refusals.by_method["GenerateInviteCodes"] = Unavailable(
        reasons.ERROR_REASON_SERVICE_UNAVAILABLE, "正在重启"
    )
    status, reply = await ask(platform, "GET", GENERATE, user=platform.admin)
    assert (status, reply) == refused(500, "服务暂时不可用，请稍后重试")
    assert [name for name, _ in platform.invites.refusals.calls] == ["GenerateInviteCodes"]


async def test_asking_for_headers_generates_nothing(platform: Platform) -> None:
    headers = platform.bearer(platform.admin)
    async with platform.client.head(GENERATE, headers=headers) as response:
        assert (response.status, response.headers["Allow"]) == (400, "GET")
    assert platform.invites.codes == []


async def test_an_invite_code_is_used_as_documented(platform: Platform) -> None:
    code = await generated(platform)
    status, reply = await ask(platform, "POST", USE, json={"invite_code": code})
    assert status == 200
    same_shape(reply, "POST", USE)
    assert reply["data"] == {"credits_added": 1000, "new_balance": 1000, "expires_at": IN_A_YEAR}
    same_shape({**reply, "data": await data_of(platform, BALANCE, user=platform.user)}, "GET", BALANCE)


async def test_the_same_key_uses_an_invite_code_once(platform: Platform) -> None:
    first, second = await generated(platform), await generated(platform)
    replies = [await ask(platform, "POST", USE, key="k-1", json={"invite_code": first}) for _ in range(2)]
    assert replies[0] == replies[1]
    assert platform.ledger.balances[platform.user.id] == 1000
    assert await ask(platform, "POST", USE, key="k-1", json={"invite_code": second}) == refused(
        400, "该 Idempotency-Key 已用于另一个不同的请求"
    )


async def test_every_bad_invite_code_has_its_own_message(platform: Platform) -> None:
    used, expired = await generated(platform), await generated(platform)
    await ask(platform, "POST", USE, user=platform.admin, json={"invite_code": used})
    platform.invites.codes[1].state = invites.INVITE_CODE_STATE_EXPIRED
    for code, answer in (
        (used, refused(400, "邀请码已被使用")),
        (expired, refused(400, "邀请码已过期")),
        ("M2GU-79JL", refused(404, "邀请码不存在")),
        ("x" * 51, refused(400, "参数 invite_code 不能超过 50 个字符")),
        ("", refused(400, "参数 invite_code 不能少于 1 个字符")),
        (5, refused(400, "参数 invite_code 必须是字符串")),
    ):
        assert await ask(platform, "POST", USE, json={"invite_code": code}) == answer
    assert await ask(platform, "POST", USE, json={}) == refused(400, "缺少参数 invite_code")
    assert await ask(platform, "POST", USE, data=b"[") == refused(400, "请求体不是有效的 JSON")
    assert platform.user.id not in platform.ledger.balances
    platform.invites.refusals.by_method["UseInviteCode"] = RateLimited(
        reasons.ERROR_REASON_TOO_MANY_REQUESTS, "错误次数过多，请稍后再试", retry_after_s=600
    )
    assert await ask(platform, "POST", USE, json={"invite_code": "M2GU-79JL"}) == refused(
        400, "错误次数过多，请稍后再试"
    )


async def test_administrators_see_the_invite_codes_they_made(platform: Platform) -> None:
    other = platform.auth.add_user("other-admin", "admin-password", is_admin=True)
    for maker in (platform.admin, other, platform.admin):
        await data_of(platform, GENERATE, user=maker)
    await ask(platform, "POST", USE, json={"invite_code": code_of(3)})
    status, reply = await ask(platform, "GET", INVITES, user=platform.admin)
    assert status == 200
    same_shape(reply, "GET", INVITES, nullable=("used_at", "used_by_id"))
    used, unused = reply["data"]
    assert (used["code"], used["status"], used["used_at"]) == (code_of(3), "used", NOW)
    assert used["used_by_id"] == platform.user.id
    assert (unused["code"], unused["status"]) == (code_of(1), "unused")
    assert await data_of(platform, INVITES, limit="1", skip="1") == [unused]
    assert await data_of(platform, INVITES, skip="2") == []
    platform.invites.codes[0].state = invites.INVITE_CODE_STATE_EXPIRED
    assert (await data_of(platform, INVITES))[1]["status"] == "expired"


async def test_the_balance_tells_what_was_gained_and_spent(platform: Platform) -> None:
    empty = await data_of(platform, BALANCE, user=platform.user)
    assert empty == {"balance": 0, "total_earned": 0, "total_spent": 0, "expires_at": None}
    platform.ledger.balances[platform.user.id] = 960
    platform.statistics.entry_totals[platform.user.id] = [
        statistics.EntryTotal(type=entry_type, entries=1, credits=credits)
        for entry_type, credits in (
            (ledger.ENTRY_TYPE_INVITE_CODE, 1000),
            (ledger.ENTRY_TYPE_ADMIN_RECHARGE, 500),
            (ledger.ENTRY_TYPE_VOICE_SYNTHESIS, -50),
            (ledger.ENTRY_TYPE_REFUND, 10),
            (ledger.ENTRY_TYPE_ADMIN_DEDUCT, -500),
        )
    ]
    found = await data_of(platform, BALANCE, user=platform.user)
    assert found == {"balance": 960, "total_earned": 1500, "total_spent": 40, "expires_at": None}


async def test_own_transactions_are_as_documented(platform: Platform) -> None:
    code = await generated(platform)
    await ask(platform, "POST", USE, json={"invite_code": code})
    platform.ledger.post(
        platform.user.id,
        ledger.ENTRY_TYPE_VOICE_SYNTHESIS,
        -10,
        description="Generated audio for text: 今天天气真好...",
    )
    platform.ledger.post(platform.admin.id, ledger.ENTRY_TYPE_ADMIN_RECHARGE, 5)
    status, reply = await ask(platform, "GET", MINE)
    assert status == 200
    same_shape(reply, "GET", MINE)
    spoken, invited = reply["data"]["items"]
    assert spoken == {
        "amount": -10,
        "balance_after": 990,
        "transaction_type": "voice_synthesis",
        "description": "Generated audio for text: 今天天气真好...",
        "created_at": "2026-01-01T20:00:00",
    }
    assert (invited["amount"], invited["description"]) == (1000, f"使用邀请码: {code}")
    page = await data_of(platform, MINE, user=platform.user, page="2", size="1")
    assert page == {"items": [invited], "total": 2, "page": 2, "size": 1, "total_pages": 2}
    assert (await data_of(platform, MINE, user=platform.user, page="3"))["items"] == []


async def test_a_recharge_is_answered_as_documented(platform: Platform) -> None:
    body = {"user_id": platform.user.id, "amount": 500, "validity_days": 365, "description": "新用户奖励"}
    status, reply = await ask(platform, "POST", RECHARGE, user=platform.admin, json=body)
    assert status == 200
    same_shape(reply, "POST", RECHARGE)
    assert reply["data"] == {
        "id": 1,
        "user_id": platform.user.id,
        "amount": 500,
        "transaction_type": "admin_recharge",
        "description": "新用户奖励",
        "created_at": NOW,
    }
    balance = await data_of(platform, BALANCE, user=platform.user)
    assert (balance["balance"], balance["expires_at"]) == (500, IN_A_YEAR)


@pytest.mark.parametrize("optional", [{}, {"validity_days": None, "description": None}])
async def test_a_recharge_has_the_documented_defaults(platform: Platform, optional: dict[str, None]) -> None:
    body = {"user_id": platform.user.id, "amount": 1, **optional}
    _, reply = await ask(platform, "POST", RECHARGE, user=platform.admin, json=body)
    assert reply["data"]["description"] == "管理员充值"
    assert (await data_of(platform, BALANCE, user=platform.user))["expires_at"] == IN_A_YEAR


async def test_the_days_of_a_recharge_count(platform: Platform) -> None:
    body = {"user_id": platform.user.id, "amount": 1, "validity_days": 30}
    replies = [await ask(platform, "POST", RECHARGE, user=platform.admin, key="k-1", json=body) for _ in range(2)]
    assert replies[0] == replies[1]
    balance = await data_of(platform, BALANCE, user=platform.user)
    assert (balance["balance"], balance["expires_at"]) == (1, "2026-01-31T20:00:00")
    assert await ask(
        platform, "POST", RECHARGE, user=platform.admin, key="k-1", json=body | {"validity_days": 31}
    ) == refused(400, "该 Idempotency-Key 已用于另一个不同的请求")


async def test_recharges_that_are_refused(platform: Platform) -> None:
    body = {"user_id": platform.user.id, "amount": 500}
    for changes, answer in (
        ({"user_id": None}, refused(400, "user_id and amount are required")),
        ({"amount": None}, refused(400, "user_id and amount are required")),
        ({"user_id": 999}, refused(404, "User not found")),
        ({"amount": 0}, refused(400, "参数 amount 不能小于 1")),
        ({"amount": "500"}, refused(400, "参数 amount 必须是整数")),
        ({"amount": 1.5}, refused(400, "参数 amount 必须是整数")),
        ({"validity_days": 0}, refused(400, "参数 validity_days 不能小于 1")),
        ({"validity_days": 3651}, refused(400, "参数 validity_days 不能大于 3650")),
        ({"description": "好" * 201}, refused(400, "参数 description 不能超过 200 个字符")),
    ):
        assert await ask(platform, "POST", RECHARGE, user=platform.admin, json=body | changes) == answer, changes
    for lacking in ({}, {"user_id": platform.user.id}, {"amount": 500}):
        assert await ask(platform, "POST", RECHARGE, user=platform.admin, json=lacking) == refused(
            400, "user_id and amount are required"
        )
    assert platform.ledger.entries == []


async def _post_entries(platform: Platform) -> user_pb2.User:
    """Three of a user who came by phone, one of each other."""
    phoned = platform.auth.add_user("13800138000", "password123")
    phoned.phone = phoned.account
    platform.user.username = "张三"
    for entry_type, credits in ((ledger.ENTRY_TYPE_INVITE_CODE, 1000), (ledger.ENTRY_TYPE_VOICE_SYNTHESIS, -10)):
        platform.ledger.post(phoned.id, entry_type, credits)
    platform.ledger.post(platform.user.id, ledger.ENTRY_TYPE_ADMIN_RECHARGE, 500, description="新用户奖励")
    platform.clock.advance(4 * 3600)
    platform.ledger.post(phoned.id, ledger.ENTRY_TYPE_REFUND, 10)
    platform.ledger.post(987, ledger.ENTRY_TYPE_EXPIRE, -1)
    return phoned


async def test_transactions_of_the_site_are_as_documented(platform: Platform) -> None:
    phoned = await _post_entries(platform)
    status, reply = await ask(platform, "GET", TRANSACTIONS, user=platform.admin)
    assert status == 200
    same_shape(reply, "GET", TRANSACTIONS, nullable=("username",))
    expired, refund, recharged, spoken, invited = reply["data"]["items"]
    assert invited == {
        "created_at": NOW,
        "uid": phoned.id,
        "user_id": phoned.id,
        "username": "13800138000",
        "description": "邀请注册",
        "credits_change": "+1000 pts",
        "status": "完成",
    }
    assert (spoken["description"], spoken["credits_change"]) == ("语音生成", "-10 pts")
    assert (recharged["description"], recharged["username"]) == ("后台充值", "张三")
    assert (refund["description"], refund["created_at"]) == ("退款", "2026-01-02 00:00:00")
    assert (expired["description"], expired["username"], expired["uid"]) == ("积分过期", None, 987)
    assert {key: reply["data"][key] for key in ("total", "page", "size", "total_pages")} == {
        "total": 5,
        "page": 1,
        "size": 20,
        "total_pages": 1,
    }


async def test_transactions_of_the_site_are_filtered(platform: Platform) -> None:
    phoned = await _post_entries(platform)
    for query, ids in (
        ({"keyword": "13800"}, [phoned.id] * 3),
        ({"keyword": " 13800138000 "}, [phoned.id] * 3),
        ({"keyword": "987"}, [987]),
        ({"keyword": "新用户奖励"}, []),
        ({"keyword": "  "}, [987, phoned.id, platform.user.id, phoned.id, phoned.id]),
        ({"start_date": "2026/01/02"}, [987, phoned.id]),
        ({"end_date": "2026/01/01"}, [platform.user.id, phoned.id, phoned.id]),
        ({"start_date": "2026/01/01", "end_date": "2026/01/02", "keyword": "13800", "size": "2"}, [phoned.id] * 2),
        ({"start_date": "2026/01/03"}, []),
        ({"start_date": "2026/01/02", "end_date": "2026/01/01"}, []),
        ({"transaction_type": "voice_synthesis"}, [phoned.id]),
        ({"transaction_type": "expire"}, [987]),
        ({"page": "2", "size": "4"}, [phoned.id]),
    ):
        found = await data_of(platform, TRANSACTIONS, **query)
        assert [each["uid"] for each in found["items"]] == ids, query


async def test_a_number_that_is_part_of_too_many_phone_numbers_is_an_id(platform: Platform) -> None:
    for number in range(10_000):
        platform.auth.users[5000 + number] = user_pb2.User(id=5000 + number, account=f"1380013{number:04}")
    platform.ledger.post(138, ledger.ENTRY_TYPE_REFUND, 1)
    platform.ledger.post(5001, ledger.ENTRY_TYPE_REFUND, 1)
    assert [each["uid"] for each in (await data_of(platform, TRANSACTIONS, keyword="138"))["items"]] == [138]
    assert [each["uid"] for each in (await data_of(platform, TRANSACTIONS, keyword="13800130001"))["items"]] == [5001]


async def test_dates_and_types_that_are_none(platform: Platform) -> None:
    for query, message in (
        ({"start_date": "2026-01-01"}, "Invalid start_date format. Use: YYYY/MM/DD"),
        ({"start_date": "2026/1/1"}, "Invalid start_date format. Use: YYYY/MM/DD"),
        ({"start_date": "2026/02/30"}, "Invalid start_date format. Use: YYYY/MM/DD"),
        ({"start_date": ""}, "Invalid start_date format. Use: YYYY/MM/DD"),
        ({"start_date": "٢٠٢٦/٠١/٠١"}, "Invalid start_date format. Use: YYYY/MM/DD"),
        ({"end_date": "tomorrow"}, "Invalid end_date format. Use: YYYY/MM/DD"),
        ({"keyword": "好" * 101}, "参数 keyword 不能超过 100 个字符"),
        ({"page": "0"}, "参数 page 不能小于 1"),
        ({"size": "101"}, "参数 size 不能大于 100"),
    ):
        assert await ask(platform, "GET", TRANSACTIONS, user=platform.admin, params=query) == refused(400, message)
    status, reply = await ask(platform, "GET", TRANSACTIONS, user=platform.admin, params={"transaction_type": "gift"})
    assert status == 400
    assert reply["message"].startswith("参数 transaction_type 只能是 ")
    for path, query, message in (
        (INVITES, {"limit": "101"}, "参数 limit 不能大于 100"),
        (INVITES, {"skip": "-1"}, "参数 skip 不能小于 0"),
        (CREDITS, {"size": "0"}, "参数 size 不能小于 1"),
        (CREDITS, {"user_id": "x"}, "参数 user_id 必须是整数"),
    ):
        assert await ask(platform, "GET", path, user=platform.admin, params=query) == refused(400, message)


async def test_credits_of_one_user_or_of_all_are_listed(platform: Platform) -> None:
    phoned = await _post_entries(platform)
    status, reply = await ask(platform, "GET", CREDITS, user=platform.admin)
    assert status == 200
    same_shape(reply, "GET", CREDITS, nullable=("username",))
    assert (reply["data"]["size"], reply["data"]["total"]) == (10, 5)
    (recharged,) = (await data_of(platform, CREDITS, user_id=str(platform.user.id)))["items"]
    assert recharged == {
        "id": 3,
        "user_id": platform.user.id,
        "username": "张三",
        "amount": 500,
        "transaction_type": "admin_recharge",
        "description": "新用户奖励",
        "created_at": NOW,
    }
    page = await data_of(platform, CREDITS, user_id=str(phoned.id), size="2")
    assert [each["amount"] for each in page["items"]] == [10, -10]
    assert (page["total"], page["total_pages"]) == (3, 2)
    assert (await data_of(platform, CREDITS, user_id="4711"))["items"] == []


async def test_administration_is_for_administrators(platform: Platform) -> None:
    for method, path in (
        ("GET", GENERATE),
        ("GET", INVITES),
        ("GET", TRANSACTIONS),
        ("POST", RECHARGE),
        ("GET", CREDITS),
    ):
        assert await ask(platform, method, path) == refused(403, "需要管理员权限")
    assert platform.invites.codes == []
