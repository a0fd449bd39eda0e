"""Sums of credits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from edge.clients import Clients
from edge.endpoint import Call, NoInput
from edge.platform_api.models.statistics import (
    ChartPointOut,
    CreditsChartIn,
    CreditsChartOut,
    MyStatsOut,
    RecentTransactionOut,
)
from kit.concurrency import both
from kit.rpc.times import timestamp_of
from voxreel.auth.v1 import user_service_pb2 as users
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.billing.v1 import pricing_service_pb2 as pricing
from voxreel.billing.v1 import statistics_service_pb2 as statistics

_RECENT = 10
_EARNED = (ledger.ENTRY_TYPE_CARD_ACTIVATION, ledger.ENTRY_TYPE_INVITE_CODE, ledger.ENTRY_TYPE_ADMIN_RECHARGE)
_USED = (ledger.ENTRY_TYPE_FEATURE_CONSUME, ledger.ENTRY_TYPE_VOICE_SYNTHESIS)
_TYPE_PREFIX = len("ENTRY_TYPE_")


async def credits_chart(given: CreditsChartIn, call: Call) -> CreditsChartOut:
    """What was consumed in the last hours of the display zone, the running one included."""
    times = call.shared.times
    start = times.hour_start(call.shared.clock.now()) - timedelta(hours=given.hours - 1)
    response = await call.shared.clients.statistics.ListHourlyConsumption(
        statistics.ListHourlyConsumptionRequest(start_time=timestamp_of(start), hours=given.hours)
    )
    points: list[ChartPointOut] = [
        {
            "hour": times.stamp(hour.start_time),
            "consumed": sum(feature.credits for feature in hour.features),
            "transactions": sum(feature.transactions for feature in hour.features),
            "by_feature": {feature.feature_key: feature.credits for feature in hour.features},
        }
        for hour in response.hours
    ]
    return {
        "hours": given.hours,
        "points": points,
        "total_consumed": sum(point["consumed"] for point in points),
    }


async def my_stats(_given: NoInput, call: Call) -> MyStatsOut:
    """The caller's credits by where they came from and went."""
    clients = call.shared.clients
    (summed, balance), (recent, prices) = await both(
        both(
            clients.statistics.GetEntryTotals(statistics.GetEntryTotalsRequest()),
            clients.ledger.GetBalance(ledger.GetBalanceRequest()),
        ),
        both(
            clients.ledger.ListEntries(ledger.ListEntriesRequest(page_size=_RECENT)),
            clients.pricing.ListFeaturePrices(pricing.ListFeaturePricesRequest()),
        ),
    )
    entries = {total.type: total.entries for total in summed.totals}
    credits = {total.type: total.credits for total in summed.totals}
    names = {price.key: price.display_name for price in prices.prices}
    operators = await _accounts(recent.entries, clients)
    return {
        "total_earned": sum(credits.get(each, 0) for each in _EARNED),
        # What came back was not consumed in the end.
        "total_consumed": -sum(credits.get(each, 0) for each in (*_USED, ledger.ENTRY_TYPE_REFUND)),
        "current_balance": balance.available_credits,
        "card_activations": entries.get(ledger.ENTRY_TYPE_CARD_ACTIVATION, 0),
        "admin_recharges": entries.get(ledger.ENTRY_TYPE_ADMIN_RECHARGE, 0),
        "feature_consumptions": sum(entries.get(each, 0) for each in _USED),
        "recent_transactions": [_transaction(entry, names, operators, call) for entry in recent.entries],
    }


async def _accounts(entries: Iterable[ledger.Entry], clients: Clients) -> Mapping[int, str]:
    """Accounts of the administrators of the entries, by id; none for those who are gone."""
    operators = {entry.operator_user_id for entry in entries if entry.HasField("operator_user_id")}
    if not operators:
        return {}
    found = await clients.users.BatchGetUsers(users.BatchGetUsersRequest(user_ids=sorted(operators)))
    return {user.id: user.account for user in found.users}


def _transaction(
    entry: ledger.Entry, names: Mapping[str, str], operators: Mapping[int, str], call: Call
) -> RecentTransactionOut:
    has_feature = entry.HasField("feature_key")
    return {
        "id": entry.id,
        "transaction_type": ledger.EntryType.Name(entry.type)[_TYPE_PREFIX:].lower(),
        "amount": entry.credits,
        "balance_before": entry.balance_before,
        "balance_after": entry.balance_after,
        "card_code": entry.card_code if entry.HasField("card_code") else None,
        "feature_key": entry.feature_key if has_feature else None,
        "feature_name": names.get(entry.feature_key) if has_feature else None,
        "description": entry.description,
        "operator_admin_username": operators.get(entry.operator_user_id),
        "created_at": call.shared.times.stamp(entry.create_time),
    }
