"""The chart of credits, and a user's own statistics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from edge.display import DisplayTimes
from tests.edge.golden import same_shape, same_shape_as_read
from tests.edge.platform import Platform
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.billing.v1 import statistics_service_pb2 as statistics

CHART = "/api/user/admin/credits-chart"
MY_STATS = "/api/cards/my-stats"


def consumption(key: str, credits: int, transactions: int) -> statistics.FeatureConsumption:
    return statistics.FeatureConsumption(feature_key=key, credits=credits, transactions=transactions)


def total(entry_type: ledger.EntryType.ValueType, entries: int, credits: int) -> statistics.EntryTotal:
    return statistics.EntryTotal(type=entry_type, entries=entries, credits=credits)


async def test_the_chart_has_a_point_for_each_hour_up_to_now(platform: Platform) -> None:
    platform.statistics.consumption = {
        0: [consumption("tts", 30, 3)],
        2: [consumption("tts", 10, 1), consumption("llm_rewrite", 15, 1)],
    }
    async with platform.client.get(CHART, params={"hours": "4"}, headers=platform.bearer(platform.admin)) as response:
        reply = await response.json()
    assert response.status == 200
    same_shape_as_read(reply, "GET", CHART)
    points = reply["points"]
    hours = [datetime.fromisoformat(point.pop("hour")) for point in points]
    assert points == [
        {"consumed": 0, "transactions": 0, "by_feature": {}},
        {"consumed": 25, "transactions": 2, "by_feature": {"tts": 10, "llm_rewrite": 15}},
        {"consumed": 0, "transactions": 0, "by_feature": {}},
        {"consumed": 30, "transactions": 3, "by_feature": {"tts": 30}},
    ]
    assert (reply["hours"], reply["total_consumed"]) == (4, 55)
    local = datetime.now(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)
    assert timedelta(0) <= local - hours[-1] < timedelta(hours=1, minutes=1)
    assert [later - earlier for earlier, later in pairwise(hours)] == [timedelta(hours=1)] * 3


@pytest.mark.parametrize(("hours", "status"), [("0", 422), ("1", 200), ("72", 200), ("73", 422), ("x", 422)])
async def test_hours_of_the_chart_are_bounded(platform: Platform, hours: str, status: int) -> None:
    async with platform.client.get(CHART, params={"hours": hours}, headers=platform.bearer(platform.admin)) as response:
        assert response.status == status


async def test_the_chart_is_of_a_day_unless_told_otherwise(platform: Platform) -> None:
    async with platform.client.get(CHART, headers=platform.bearer(platform.admin)) as response:
        assert len((await response.json())["points"]) == 24


@pytest.mark.parametrize(
    ("zone", "began"),
    [("Asia/Shanghai", "10:00"), ("Asia/Kolkata", "10:30"), ("Asia/Kathmandu", "10:15"), ("UTC", "10:00")],
)
def test_hours_begin_where_the_clock_of_the_zone_says(zone: str, began: str) -> None:
    moment = datetime(2026, 5, 4, 10, 59, 59, 7, tzinfo=UTC)
    assert f"{DisplayTimes(ZoneInfo(zone)).hour_start(moment):%H:%M}" == began


async def test_own_statistics_are_answered_as_documented(platform: Platform) -> None:
    user = platform.user
    platform.statistics.entry_totals[user.id] = [
        total(ledger.ENTRY_TYPE_CARD_ACTIVATION, 3, 4000),
        total(ledger.ENTRY_TYPE_ADMIN_RECHARGE, 1, 1000),
        total(ledger.ENTRY_TYPE_FEATURE_CONSUME, 26, -260),
        total(ledger.ENTRY_TYPE_REFUND, 1, 10),
    ]
    async with platform.client.post(
        f"/api/user/admin/users/{user.id}/credits/recharge",
        params={"amount": "1000"},
        headers=platform.bearer(platform.admin),
    ) as response:
        assert response.status == 200
    platform.ledger.entries.append(
        ledger.Entry(
            id=9,
            user_id=user.id,
            type=ledger.ENTRY_TYPE_FEATURE_CONSUME,
            credits=-10,
            balance_before=1000,
            balance_after=990,
            feature_key="tts",
        )
    )
    async with platform.client.get(MY_STATS, headers=platform.bearer()) as response:
        reply = await response.json()
    assert response.status == 200
    same_shape(reply, "GET", MY_STATS, nullable={"card_code"})
    recent = reply.pop("recent_transactions")
    assert reply == {
        "total_earned": 5000,
        "total_consumed": 250,
        "current_balance": 1000,
        "card_activations": 3,
        "admin_recharges": 1,
        "feature_consumptions": 26,
    }
    assert [(each["transaction_type"], each["amount"]) for each in recent] == [
        ("feature_consume", -10),
        ("admin_recharge", 1000),
    ]
    assert (recent[0]["feature_key"], recent[0]["feature_name"]) == ("tts", "语音合成")
    assert recent[0]["operator_admin_username"] is None
    assert (recent[1]["feature_key"], recent[1]["operator_admin_username"]) == (None, "admin")


async def test_somebody_new_has_statistics_of_nothing(platform: Platform) -> None:
    async with platform.client.get(MY_STATS, headers=platform.bearer()) as response:
        reply = await response.json()
    assert reply == {
        "total_earned": 0,
        "total_consumed": 0,
        "current_balance": 0,
        "card_activations": 0,
        "admin_recharges": 0,
        "feature_consumptions": 0,
        "recent_transactions": [],
    }
