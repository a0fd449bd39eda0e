"""Sums over the journal: exact however far they were kept, on both engines."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from kit.errors import Conflict
from services.billing.domain.commands import TaskOutcome
from services.billing.domain.errors import concurrent_update
from services.billing.domain.ledger import EntryType
from services.billing.domain.statistics import CreditTotals, EntryTotal, HourSpan, Tally
from services.billing.store.statistics import StatisticsTables
from services.billing.store.uow import BillingUnit
from services.billing.usecases.statistics import Statistics
from services.billing.workers.roll_up import RollUp
from tests.polling import eventually
from tests.store.billing.conftest import USER, Billing, reservation
from tests.store.billing.test_verification import findings, tamper

HOUR_S = 3600


@pytest.fixture
def statistics(billing: Billing) -> Statistics:
    return Statistics(StatisticsTables(billing.database), billing.units)


async def live(billing: Billing) -> None:
    """150 given, 4 and, two hours later, 5 and 10 consumed, 3 still held: nine transactions."""
    await billing.recharge(100)
    await billing.recharge(50, user_id=8, request_id="second")
    first = await billing.holds.reserve(reservation("t-1"))
    await billing.holds.capture(first.id, 4)
    billing.clock.advance(2 * HOUR_S)
    second = await billing.holds.reserve(reservation("t-2", 5, user_id=8))
    await billing.holds.capture(second.id, None)
    await billing.holds.reserve(reservation("t-3", 10))
    await billing.end_task("t-3", TaskOutcome.SUCCEEDED)
    await billing.holds.reserve(reservation("t-4", 3))


def advance(unit: BillingUnit, limit: int) -> int:
    return unit.rollup.advance(limit=limit)


async def has_summed_all(billing: Billing) -> bool:
    return await billing.units.read(lambda unit: unit.rollup.behind()) == 0


async def everything(statistics: Statistics, span: HourSpan) -> list[object]:
    users = await statistics.entries((USER, 8, 9))
    return [await statistics.totals(), await statistics.consumption(span), *users]


async def test_answers_are_the_same_however_far_the_sums_have_come(
    billing: Billing, statistics: Statistics, database_url: str
) -> None:
    span = HourSpan(billing.clock.now() - timedelta(hours=1), 4)
    await live(billing)
    exact = await everything(statistics, span)
    total = await statistics.totals()
    assert total == CreditTotals(issued=150, consumed=19, held=3, available=128, expired=0)
    assert [dict(hour.features) for hour in await statistics.consumption(span)] == [
        {},
        {"tts": Tally(1, 4)},
        {},
        {"tts": Tally(2, 15)},
    ]
    whole, none, again = await statistics.entries((USER, 9, USER))
    assert whole == [
        EntryTotal(EntryType.ADMIN_RECHARGE, Tally(1, 100)),
        EntryTotal(EntryType.FEATURE_CONSUME, Tally(3, -23)),
        EntryTotal(EntryType.REFUND, Tally(1, 6)),
    ]
    assert (none, again) == ([], whole)
    for step in (4, 1, 3, 1):
        assert await billing.units.write(partial(advance, limit=step)) == step
        assert await everything(statistics, span) == exact
    assert findings(database_url) == []


async def test_only_the_hours_asked_for_are_answered(billing: Billing, statistics: Statistics) -> None:
    span = HourSpan(billing.clock.now() + timedelta(minutes=15), 1)
    await live(billing)
    assert [dict(hour.features) for hour in await statistics.consumption(span)] == [{}]
    await RollUp(billing.units).step()
    assert [dict(hour.features) for hour in await statistics.consumption(span)] == [{}]


async def test_a_step_sums_what_is_there_once(billing: Billing, database_url: str) -> None:
    roll_up = RollUp(billing.units)
    assert await roll_up.step() == 0
    await live(billing)
    assert await roll_up.step() == 9
    assert await roll_up.step() == 0
    await billing.recharge(1, request_id="third")
    assert await roll_up.step() == 1
    assert findings(database_url) == []


async def test_steps_at_once_sum_nothing_twice(billing: Billing, database_url: str) -> None:
    await live(billing)
    steps = (billing.units.write(partial(advance, limit=2)) for _ in range(8))
    assert sum(await asyncio.gather(*steps)) == 9
    assert findings(database_url) == []


async def test_the_worker_sums_until_it_is_told_to_stop(billing: Billing, database_url: str) -> None:
    stop = asyncio.Event()
    await live(billing)
    async with asyncio.TaskGroup() as group:
        group.create_task(RollUp(billing.units).run(stop))
        await eventually(partial(has_summed_all, billing))
        stop.set()
    assert findings(database_url) == []


async def test_a_step_that_fails_has_summed_nothing(billing: Billing, database_url: str) -> None:
    await live(billing)

    def fails(unit: BillingUnit) -> None:
        unit.rollup.advance(limit=5)
        raise concurrent_update()

    with pytest.raises(Conflict):
        await billing.units.write(fails)
    assert await billing.units.read(lambda unit: unit.rollup.behind()) == 9
    assert findings(database_url) == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "UPDATE credit_totals SET credits = credits - 1 WHERE account = 'grants'",
            "statistics: total of account grants is kept as -151 in 2 postings, but the journal has -150 in 2",
        ),
        ("UPDATE entry_totals SET postings = 9 WHERE kind = 'capture'", "statistics: entries of user:7 capture"),
        ("UPDATE consumption_totals SET feature_key = 'asr'", "statistics: consumption in"),
        ("DELETE FROM credit_totals", "statistics: total of account held is kept as 0 in 0 postings"),
        ("UPDATE statistics_head SET transaction_id = 8", "statistics: total of account held"),
        ("UPDATE statistics_head SET transaction_id = 10", "statistics: reach transaction 10"),
    ],
)
async def test_sums_that_were_changed_are_named(
    billing: Billing, database_url: str, statement: str, found: str
) -> None:
    await live(billing)
    await RollUp(billing.units).step()
    tamper(database_url, statement)
    lines = findings(database_url)
    assert any(found in line for line in lines), lines
