"""What administrators search: cards and transactions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.edge.golden import same_shape, same_shape_as_read
from tests.edge.platform import Platform
from tests.edge.test_cards import ACTIVATE, generated, get, post
from voxreel.billing.v1 import card_service_pb2 as cards
from voxreel.billing.v1 import ledger_service_pb2 as ledger

CARDS = "/api/search/cards"
TRANSACTIONS = "/api/search/transactions"


async def test_cards_are_found_as_documented(platform: Platform) -> None:
    code, _, _ = await generated(platform)
    await post(platform, ACTIVATE, {"card_code": code})
    query = {"q": "BATCH_", "status": "active", "package_key": "basic"}
    reply = await get(platform, CARDS, user=platform.admin, **query)
    same_shape(reply, "GET", CARDS)
    assert [card["id"] for card in reply["cards"]] == [3, 2]
    assert (reply["cards"][0]["created_by_admin"], reply["cards"][0]["used_by_user"]) == ("admin", None)
    assert reply["search_keyword"] == "BATCH_"
    assert reply["filters_applied"] == {"status": "active", "package_key": "basic"}
    assert (reply["total"], reply["page"], reply["page_size"], reply["total_pages"]) == (2, 1, 20, 1)
    (used,) = (await get(platform, CARDS, user=platform.admin, status="used"))["cards"]
    assert used["used_by_user"] == "testuser"


async def test_every_filter_of_cards_reaches_billing(platform: Platform) -> None:
    query = {
        "q": " BATCH ",
        "status": "expired",
        "package_key": "basic",
        "created_admin_id": "2",
        "used_user_id": "7",
        "date_from": "2024-01-01",
        "date_to": "2024-01-31",
        "page": "2",
        "page_size": "5",
    }
    reply = await get(platform, CARDS, user=platform.admin, **query)
    assert reply["filters_applied"] == {
        "status": "expired",
        "package_key": "basic",
        "created_admin_id": 2,
        "used_user_id": 7,
        "date_from": "2024-01-01",
        "date_to": "2024-01-31",
    }
    assert (reply["search_keyword"], reply["cards"], reply["total"]) == (" BATCH ", [], 0)
    (asked,) = platform.cards.listed
    assert (asked.filter.keyword, asked.filter.state) == ("BATCH", cards.CARD_STATE_EXPIRED)
    assert (asked.filter.operator_user_id, asked.filter.used_by_user_id) == (2, 7)
    # Days are those of Shanghai, and the last one belongs to it.
    assert asked.filter.create_time_from.ToDatetime(tzinfo=UTC) == datetime(2023, 12, 31, 16, tzinfo=UTC)
    assert asked.filter.create_time_before.ToDatetime(tzinfo=UTC) == datetime(2024, 1, 31, 16, tzinfo=UTC)
    assert (asked.page_size, asked.skip) == (5, 5)


async def test_without_a_filter_everything_is_found(platform: Platform) -> None:
    await generated(platform)
    for query in ({}, {"q": ""}, {"q": "  "}):
        reply = await get(platform, CARDS, user=platform.admin, **query)
        assert (len(reply["cards"]), reply["filters_applied"]) == (3, {})
        assert reply["search_keyword"] == query.get("q")


async def test_transactions_are_found_by_all_their_filters(platform: Platform) -> None:
    user, admin = platform.user.id, platform.admin.id
    platform.ledger.post(user, ledger.ENTRY_TYPE_ADMIN_RECHARGE, 1000, description="充值", operator_user_id=admin)
    platform.ledger.post(user, ledger.ENTRY_TYPE_FEATURE_CONSUME, -10, description="TTS", feature_key="tts")
    platform.ledger.post(admin, ledger.ENTRY_TYPE_ADMIN_RECHARGE, 5, description="充值")
    today = platform.clock.now().date().isoformat()
    for query, ids in (
        ({}, [3, 2, 1]),
        ({"q": "充值"}, [3, 1]),
        ({"q": "充值", "transaction_type": "admin_recharge", "date_from": "2024-01-01"}, [3, 1]),
        ({"q": "TESTUSER"}, [2, 1]),
        ({"user_id": str(user)}, [2, 1]),
        ({"amount_min": "5"}, [3, 1]),
        ({"amount_max": "-1"}, [2]),
        ({"amount_min": "-10", "amount_max": "5"}, [3, 2]),
        ({"date_from": today, "date_to": today}, [3, 2, 1]),
        ({"date_from": "9999-12-31"}, []),
        ({"date_to": "0001-01-01"}, []),
        ({"date_from": "0001-01-01", "date_to": "9999-12-31"}, [3, 2, 1]),
        ({"page": "2", "page_size": "2"}, [1]),
    ):
        reply = await get(platform, TRANSACTIONS, user=platform.admin, **query)
        assert [each["id"] for each in reply["transactions"]] == ids, query
    assert (reply["total"], reply["total_pages"], reply["search_keyword"]) == (3, 2, None)
    recharge = reply["transactions"][0]
    assert (recharge["user_account"], recharge["operator_admin_username"]) == ("testuser", "admin")
    same_shape_as_read(reply, "GET", TRANSACTIONS)
    reply = await get(platform, TRANSACTIONS, user=platform.admin, q="充值", amount_min="-3", date_to="2024-01-31")
    assert reply["filters_applied"] == {"amount_min": -3, "date_to": "2024-01-31"}


async def test_a_keyword_that_too_many_users_have_is_refused(platform: Platform) -> None:
    for number in range(10_001):
        platform.auth.add_user(f"someone{number}", "password123")
    async with platform.client.get(
        TRANSACTIONS, params={"q": "someone"}, headers=platform.bearer(platform.admin)
    ) as response:
        assert (response.status, await response.json()) == (
            400,
            {"detail": "匹配的用户超过 10000 个，请输入更完整的关键词"},
        )


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"date_from": "2024-1-1"}, "参数 date_from 必须是 YYYY-MM-DD 格式的日期"),
        ({"date_to": "1704067200"}, "参数 date_to 必须是 YYYY-MM-DD 格式的日期"),
        ({"date_to": "2024-02-30"}, "参数 date_to 不正确"),
        ({"transaction_type": "gift"}, None),
        ({"amount_min": "1.5"}, "参数 amount_min 必须是整数"),
        ({"user_id": "0"}, "参数 user_id 不能小于 1"),
        ({"q": "x" * 101}, "参数 q 不能超过 100 个字符"),
        ({"q": "a\0b"}, "参数 q 含有不允许的字符"),
    ],
)
async def test_filters_that_are_refused(platform: Platform, query: dict[str, str], detail: str | None) -> None:
    async with platform.client.get(TRANSACTIONS, params=query, headers=platform.bearer(platform.admin)) as response:
        assert response.status == 422
        if detail is not None:
            assert await response.json() == {"detail": detail}
