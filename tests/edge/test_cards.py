"""Cards at the edge: as users activate them and administrators handle them."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from aiohttp import ClientPayloadError, ServerDisconnectedError

from tests.edge.golden import same_shape
from tests.edge.platform import Platform
from tests.fakes.servicers_cards import code_of
from voxreel.auth.v1 import user_pb2
from voxreel.billing.v1 import card_service_pb2 as cards
from voxreel.billing.v1 import ledger_service_pb2 as ledger

ACTIVATE = "/api/cards/activate"
GENERATE = "/api/cards/admin/generate"
LIST = "/api/cards/admin/list"
EXPORT = "/api/cards/admin/export"
STATS = "/api/cards/admin/stats"
MINE = "/api/cards/my-transactions"
ALL = "/api/cards/admin/transactions"
GENERATION = {
    "package_key": "basic",
    "quantity": 3,
    "batch_number": "BATCH_20240101_001",
    "description": "新年活动卡密",
    "expires_days": 365,
}


async def post(
    platform: Platform, path: str, body: object, *, user: user_pb2.User | None = None, key: str | None = None
) -> tuple[int, Any]:
    headers = platform.bearer(user) | ({} if key is None else {"Idempotency-Key": key})
    async with platform.client.post(path, json=body, headers=headers) as response:
        return response.status, await response.json()


async def get(platform: Platform, path: str, *, user: user_pb2.User, **query: str) -> Any:
    async with platform.client.get(path, params=query, headers=platform.bearer(user)) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def generated(platform: Platform, **changes: object) -> list[str]:
    status, reply = await post(platform, GENERATE, GENERATION | changes, user=platform.admin)
    assert status == 200
    return list(reply["cards"])


async def test_a_batch_is_generated_as_documented(platform: Platform) -> None:
    status, reply = await post(platform, GENERATE, GENERATION, user=platform.admin)
    assert status == 200
    same_shape(reply, "POST", GENERATE)
    assert reply["message"] == "成功生成 3 张卡密"
    assert (reply["batch_number"], reply["generated_count"], reply["failed_count"]) == ("BATCH_20240101_001", 3, 0)
    assert (reply["cards"], reply["total_credits"], reply["total_value"]) == ([code_of(n) for n in (1, 2, 3)], 3000, 30)


async def test_a_batch_needs_only_a_package_and_a_quantity(platform: Platform) -> None:
    body = {"package_key": "basic", "quantity": 1, "batch_number": None, "description": None, "expires_days": None}
    for each in (body, {"package_key": "basic", "quantity": 1}):
        status, reply = await post(platform, GENERATE, each, user=platform.admin)
        assert (status, reply["batch_number"]) == (200, "BATCH_20240101120000_1234")
    assert not platform.cards.cards[1].batch.HasField("expire_time")


async def test_the_same_key_generates_once(platform: Platform) -> None:
    replies = [await post(platform, GENERATE, GENERATION, user=platform.admin, key="new-year") for _ in range(2)]
    assert replies[0] == replies[1]
    assert len(platform.cards.cards) == 3
    status, reply = await post(platform, GENERATE, GENERATION | {"quantity": 4}, user=platform.admin, key="new-year")
    assert (status, reply) == (400, {"detail": "该 Idempotency-Key 已用于另一个不同的请求"})


@pytest.mark.parametrize(
    ("changes", "status", "detail"),
    [
        ({"quantity": 0}, 422, "参数 quantity 不能小于 1"),
        ({"quantity": 10_001}, 422, "参数 quantity 不能大于 10000"),
        ({"expires_days": 0}, 422, "参数 expires_days 不能小于 1"),
        ({"batch_number": "x" * 65}, 422, "参数 batch_number 不能超过 64 个字符"),
        ({"package_key": "nothing"}, 404, "积分套餐不存在"),
    ],
)
async def test_generations_that_are_refused(
    platform: Platform, changes: dict[str, object], status: int, detail: str
) -> None:
    assert await post(platform, GENERATE, GENERATION | changes, user=platform.admin) == (status, {"detail": detail})
    assert platform.cards.cards == {}


async def test_a_card_is_activated_as_documented(platform: Platform) -> None:
    code, _, _ = await generated(platform)
    platform.ledger.balances[platform.user.id] = 1500
    status, reply = await post(platform, ACTIVATE, {"card_code": code})
    assert status == 200
    same_shape(reply, "POST", ACTIVATE)
    assert reply == {
        "success": True,
        "message": "卡密激活成功",
        "credits_added": 1000,
        "new_balance": 2500,
        "package_name": "基础套餐",
    }


async def test_the_same_key_activates_once_and_answers_the_same(platform: Platform) -> None:
    first, second, _ = await generated(platform)
    replies = [await post(platform, ACTIVATE, {"card_code": first}, key="k-1") for _ in range(2)]
    assert replies[0] == replies[1]
    assert platform.ledger.balances[platform.user.id] == 1000
    status, reply = await post(platform, ACTIVATE, {"card_code": second}, key="k-1")
    assert (status, reply) == (400, {"detail": "该 Idempotency-Key 已用于另一个不同的请求"})


async def test_every_bad_code_has_its_own_message(platform: Platform) -> None:
    used, expired, disabled = await generated(platform)
    platform.cards.cards[2].state = cards.CARD_STATE_EXPIRED
    platform.cards.cards[3].state = cards.CARD_STATE_DISABLED
    await post(platform, ACTIVATE, {"card_code": used}, user=platform.admin)
    answers = {
        code: await post(platform, ACTIVATE, {"card_code": code}) for code in (used, expired, disabled, "没有这张卡")
    }
    assert answers == {
        used: (400, {"detail": "卡密已被使用"}),
        expired: (400, {"detail": "卡密已过期"}),
        disabled: (400, {"detail": "卡密已被禁用"}),
        "没有这张卡": (404, {"detail": "卡密不存在"}),
    }
    assert await post(platform, ACTIVATE, {"card_code": ""}) == (422, {"detail": "参数 card_code 不能少于 1 个字符"})
    assert platform.user.id not in platform.ledger.balances


async def test_the_list_is_as_documented_and_asks_for_names_once(platform: Platform) -> None:
    code, _, _ = await generated(platform)
    await post(platform, ACTIVATE, {"card_code": code})
    reply = await get(platform, LIST, user=platform.admin)
    same_shape(reply, "GET", LIST, nullable={"used_by_user_id", "used_by_username", "used_at"})
    used = reply["cards"][-1]
    assert (used["status"], used["used_by_user_id"], used["used_by_username"]) == ("used", platform.user.id, "testuser")
    assert (used["created_by_admin_id"], used["created_by_admin_username"]) == (platform.admin.id, "admin")
    assert (used["price_cny"], reply["cards"][0]["used_by_username"]) == (10.0, None)
    assert [name for name, _ in platform.auth.refusals.calls].count("BatchGetUsers") == 1


async def test_the_list_filters_and_pages(platform: Platform) -> None:
    await generated(platform)
    await generated(platform, batch_number="B-2", quantity=2)
    platform.cards.cards[1].state = cards.CARD_STATE_DISABLED
    for query, ids in (
        ({}, [5, 4, 3, 2, 1]),
        ({"status": "disabled"}, [1]),
        ({"batch_number": "B-2"}, [5, 4]),
        ({"package_key": "other"}, []),
        ({"page": "2", "page_size": "2"}, [3, 2]),
        ({"page": "4", "page_size": "2"}, []),
    ):
        reply = await get(platform, LIST, user=platform.admin, **query)
        assert [card["id"] for card in reply["cards"]] == ids, query
    assert (reply["total"], reply["page"], reply["page_size"], reply["total_pages"]) == (5, 4, 2, 3)


async def test_names_of_deleted_users_are_null(platform: Platform) -> None:
    code, _, _ = await generated(platform)
    await post(platform, ACTIVATE, {"card_code": code})
    del platform.auth.users[platform.user.id]
    reply = await get(platform, LIST, user=platform.admin, status="used")
    assert (reply["cards"][0]["used_by_user_id"], reply["cards"][0]["used_by_username"]) == (platform.user.id, None)


async def test_statistics_are_as_documented(platform: Platform) -> None:
    code, _, _ = await generated(platform)
    await post(platform, ACTIVATE, {"card_code": code})
    platform.cards.cards[2].state = cards.CARD_STATE_EXPIRED
    reply = await get(platform, STATS, user=platform.admin)
    same_shape(reply, "GET", STATS)
    assert reply == {
        "total_cards": 3,
        "active_cards": 1,
        "used_cards": 1,
        "expired_cards": 1,
        "disabled_cards": 0,
        "total_credits_value": 1000,
        "total_money_value": 10.0,
    }


async def test_only_unused_cards_are_deleted(platform: Platform) -> None:
    code, _, _ = await generated(platform)
    await post(platform, ACTIVATE, {"card_code": code})
    answers = []
    for card_id in ("2", "1", "999", "export"):
        path, headers = f"/api/cards/admin/{card_id}", platform.bearer(platform.admin)
        async with platform.client.delete(path, headers=headers) as response:
            answers.append((response.status, await response.json()))
    assert answers == [
        (200, {"message": "卡密删除成功"}),
        (400, {"detail": "卡密已被使用"}),
        (404, {"detail": "卡密不存在"}),
        (422, {"detail": "参数 card_id 必须是整数"}),
    ]
    same_shape(answers[0][1], "DELETE", "/api/cards/admin/{card_id}")
    assert sorted(platform.cards.cards) == [1, 3]


async def test_cards_are_administered_by_administrators(platform: Platform) -> None:
    for method, path in (
        ("POST", GENERATE),
        ("GET", LIST),
        ("GET", EXPORT),
        ("DELETE", "/api/cards/admin/1"),
        ("GET", STATS),
        ("GET", ALL),
        ("GET", "/api/search/cards"),
        ("GET", "/api/search/transactions"),
    ):
        async with platform.client.request(method, path, headers=platform.bearer()) as response:
            assert (response.status, await response.json()) == (403, {"detail": "需要管理员权限"}), path
        async with platform.client.request(method, path) as response:
            assert response.status == 401, path
    assert platform.cards.refusals.calls == []


async def test_the_export_has_every_card_and_no_formula(platform: Platform) -> None:
    platform.cards.part_size = 2
    await generated(platform, batch_number="=1+1", description='@SUM(A1), "活动"')
    code = (await generated(platform, batch_number="＝A1", description="活动 -1", quantity=2))[0]
    await post(platform, ACTIVATE, {"card_code": code})
    async with platform.client.get(EXPORT, headers=platform.bearer(platform.admin)) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert response.headers["Content-Disposition"] == 'attachment; filename="cards.csv"'
        content = (await response.read()).decode()
    assert content.startswith("\ufeff卡密,状态,")
    assert content.count("\r\n") == 6
    rows = list(csv.DictReader(io.StringIO(content.removeprefix("\ufeff"))))
    assert [row["卡密"] for row in rows] == [code_of(number) for number in (5, 4, 3, 2, 1)]
    assert {(row["批次号"], row["说明"]) for row in rows} == {
        ("'=1+1", '\'@SUM(A1), "活动"'),
        ("'＝A1", "活动 -1"),
    }
    assert (rows[1]["状态"], rows[1]["使用者"], rows[1]["创建者"], rows[1]["价格（元）"]) == (
        "已使用",
        "testuser",
        "admin",
        "10.0",
    )
    assert [rows[0][name] for name in ("状态", "使用者", "使用时间")] == ["未使用", "", ""]


async def test_the_export_filters(platform: Platform) -> None:
    await generated(platform)
    platform.cards.cards[2].state = cards.CARD_STATE_DISABLED
    headers = platform.bearer(platform.admin)
    async with platform.client.get(EXPORT, params={"status": "disabled"}, headers=headers) as response:
        assert code_of(2) in (text := await response.text())
        assert text.count("\r\n") == 2
    async with platform.client.get(EXPORT, params={"batch_number": "nothing"}, headers=headers) as response:
        assert (await response.text()).count("\r\n") == 1
    async with platform.client.get(EXPORT, params={"status": "lost"}, headers=headers) as response:
        assert response.status == 422
    async with platform.client.head(EXPORT, headers=headers) as response:
        assert (response.status, response.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")


async def test_an_export_that_breaks_is_never_taken_for_a_whole_one(platform: Platform) -> None:
    await generated(platform)
    platform.cards.part_size = 1
    headers = platform.bearer(platform.admin)
    platform.cards.breaks_after_parts = 0
    async with platform.client.get(EXPORT, headers=headers) as response:
        assert (response.status, await response.json()) == (501, {"detail": "该功能尚未实现"})
    platform.cards.breaks_after_parts = 2
    with pytest.raises((ClientPayloadError, ServerDisconnectedError)):
        async with platform.client.get(EXPORT, headers=headers) as response:
            await response.read()


async def test_my_transactions_are_as_documented(platform: Platform) -> None:
    code, _, _ = await generated(platform)
    await post(platform, ACTIVATE, {"card_code": code})
    platform.ledger.post(
        platform.user.id, ledger.ENTRY_TYPE_FEATURE_CONSUME, -10, description="TTS语音合成消耗积分", feature_key="tts"
    )
    platform.ledger.post(platform.user.id, ledger.ENTRY_TYPE_ADMIN_RECHARGE, 5, operator_user_id=platform.admin.id)
    platform.ledger.post(platform.admin.id, ledger.ENTRY_TYPE_ADMIN_RECHARGE, 5)
    reply = await get(platform, MINE, user=platform.user)
    same_shape(reply, "GET", MINE, nullable={"card_code", "feature_key", "feature_name"})
    recharge, consumption, activation = reply["transactions"]
    assert (activation["transaction_type"], activation["amount"]) == ("card_activation", 1000)
    assert (activation["card_code"], activation["feature_key"]) == (code, None)
    assert (consumption["feature_key"], consumption["feature_name"], consumption["amount"]) == ("tts", "语音合成", -10)
    assert (consumption["balance_before"], consumption["balance_after"]) == (1000, 990)
    assert (recharge["operator_admin_username"], recharge["card_code"]) == ("admin", None)
    assert "user_id" not in recharge
    assert (reply["total"], reply["total_pages"]) == (3, 1)
    reply = await get(platform, MINE, user=platform.user, transaction_type="feature_consume", page_size="1")
    assert ([each["amount"] for each in reply["transactions"]], reply["total"]) == ([-10], 1)


async def test_no_transactions_ask_for_no_names(platform: Platform) -> None:
    reply = await get(platform, MINE, user=platform.user, page="2")
    assert reply == {"transactions": [], "total": 0, "page": 2, "page_size": 20, "total_pages": 0}
    assert platform.pricing.refusals.calls == []


async def test_administrators_see_whose_transactions_they_are(platform: Platform) -> None:
    for user in (platform.user, platform.admin):
        platform.ledger.post(user.id, ledger.ENTRY_TYPE_ADMIN_RECHARGE, 5, operator_user_id=platform.admin.id)
    platform.ledger.post(platform.user.id, ledger.ENTRY_TYPE_REFUND, 10, feature_key="tts")
    reply = await get(platform, ALL, user=platform.admin)
    same_shape(reply, "GET", ALL, nullable={"card_code", "feature_key", "feature_name", "operator_admin_username"})
    assert [each["user_account"] for each in reply["transactions"]] == ["testuser", "admin", "testuser"]
    query = {"user_id": str(platform.user.id), "transaction_type": "admin_recharge"}
    reply = await get(platform, ALL, user=platform.admin, **query)
    assert ([each["id"] for each in reply["transactions"]], reply["total"]) == ([1], 1)


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"page": "0"}, "参数 page 不能小于 1"),
        ({"page_size": "101"}, "参数 page_size 不能大于 100"),
        ({"page": "x"}, "参数 page 必须是整数"),
        ({"page": str(10**30)}, "参数 page 不能大于 20000000"),
    ],
)
async def test_pages_out_of_bounds_are_refused(platform: Platform, query: dict[str, str], detail: str) -> None:
    async with platform.client.get(MINE, params=query, headers=platform.bearer()) as response:
        assert (response.status, await response.json()) == (422, {"detail": detail})


async def test_the_last_page_that_may_be_asked_for_is_empty(platform: Platform) -> None:
    reply = await get(platform, MINE, user=platform.user, page="20000000", page_size="100")
    assert (reply["transactions"], reply["page"]) == ([], 20_000_000)
