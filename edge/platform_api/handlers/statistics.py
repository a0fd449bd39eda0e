"""Sums of credits."""

from __future__ import annotations

from datetime import timedelta

from edge.aggregates.entry_totals import EntryTotals
from edge.aggregates.transactions import names_in
from edge.endpoint import Call, NoInput
from edge.platform_api import render_billing
from edge.platform_api.models.statistics import (
    ChartPointOut,
    CreditsChartIn,
    CreditsChartOut,
    MyStatsOut,
)
from kit.concurrency import both
from kit.rpc.times import timestamp_of
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.billing.v1 import statistics_service_pb2 as statistics

_RECENT = 10


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
    clients, times = call.shared.clients, call.shared.times
    (summed, balance), recent = await both(
        both(
            clients.statistics.GetEntryTotals(statistics.GetEntryTotalsRequest()),
            clients.ledger.GetBalance(ledger.GetBalanceRequest()),
        ),
        clients.ledger.ListEntries(ledger.ListEntriesRequest(page_size=_RECENT)),
    )
    totals = EntryTotals(summed.totals)
    names = await names_in(recent.entries, clients)
    return {
        "total_earned": totals.earned,
        "total_consumed": totals.spent,
        "current_balance": balance.available_credits,
        "card_activations": totals.entries(ledger.ENTRY_TYPE_CARD_ACTIVATION),
        "admin_recharges": totals.entries(ledger.ENTRY_TYPE_ADMIN_RECHARGE),
        "feature_consumptions": totals.consumptions,
        "recent_transactions": [
            render_billing.transaction(entry, names.accounts, names.features, times) for entry in recent.entries
        ],
    }
