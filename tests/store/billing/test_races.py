"""Many at once, on both engines: whoever comes too late is refused, and no credit is made or lost."""

from __future__ import annotations

import asyncio
from collections import Counter

from kit.errors import InsufficientCredits, Precondition
from services.billing.domain.commands import TaskOutcome
from services.billing.domain.holds import Hold
from tests.store.billing.conftest import USER, Billing, reservation


async def assert_entries_chain(billing: Billing) -> None:
    """What is before one entry is what was after the one before, and the last says the balance."""
    after = 0
    for entry in await billing.entries():
        assert entry.balance_before == after
        after = entry.balance_after
    assert after == (await billing.balance()).available


async def test_fifty_reserve_a_tenth_of_the_balance_and_ten_get_it(billing: Billing) -> None:
    await billing.recharge(1000)
    results = await asyncio.gather(
        *[billing.holds.reserve(reservation(f"t-{number}", 100)) for number in range(50)],
        return_exceptions=True,
    )
    assert Counter(map(type, results)) == {Hold: 10, InsufficientCredits: 40}
    balance = await billing.balance()
    assert (balance.available, balance.held) == (0, 1000)
    await assert_entries_chain(billing)


async def test_capture_and_release_race_and_one_wins(billing: Billing) -> None:
    await billing.recharge(1000)
    captured = 0
    for number in range(20):
        hold = await billing.holds.reserve(reservation(f"t-{number}", 10))
        results = await asyncio.gather(
            billing.holds.capture(hold.id, None), billing.holds.release(hold.id), return_exceptions=True
        )
        assert Counter(map(type, results)) == {Hold: 1, Precondition: 1}
        captured += isinstance(results[0], Hold)
    balance = await billing.balance()
    assert (balance.available, balance.held) == (1000 - 10 * captured, 0)
    await assert_entries_chain(billing)


async def test_one_request_many_times_at_once_makes_one_hold(billing: Billing) -> None:
    await billing.recharge(1000)
    holds = await asyncio.gather(*[billing.holds.reserve(reservation("t-1", 10)) for _ in range(20)])
    assert len({hold.id for hold in holds}) == 1
    assert (await billing.balance()).held == 10


async def test_one_request_of_two_users_at_once_makes_one_hold(billing: Billing) -> None:
    await billing.recharge(1000)
    await billing.recharge(1000, user_id=8, request_id="second")
    for number in range(10):
        results = await asyncio.gather(
            *[billing.holds.reserve(reservation(f"t-{number}", 10, user_id=user)) for user in (USER, 8)],
            return_exceptions=True,
        )
        assert sum(isinstance(result, Hold) for result in results) == 1
    assert (await billing.balance()).held + (await billing.balance(8)).held == 100


async def test_the_end_of_a_task_races_its_reservation_and_nothing_stays_held(billing: Billing) -> None:
    await billing.recharge(1000)
    for number in range(20):
        task_id = f"t-{number}"
        await asyncio.gather(
            billing.holds.reserve(reservation(task_id, 10)),
            billing.end_task(task_id, TaskOutcome.NOT_DONE),
            return_exceptions=True,
        )
        await asyncio.gather(billing.holds.reserve(reservation(task_id, 10)), return_exceptions=True)
    balance = await billing.balance()
    assert (balance.available, balance.held) == (1000, 0)
    await assert_entries_chain(billing)


async def test_one_recharge_many_times_at_once_adds_once(billing: Billing) -> None:
    entries = await asyncio.gather(*[billing.recharge(10) for _ in range(20)])
    assert len({entry.id for entry in entries}) == 1
    assert (await billing.balance()).available == 10


async def test_users_do_not_disturb_each_other(billing: Billing) -> None:
    users = range(10, 30)
    await asyncio.gather(*[billing.recharge(100, user_id=user, request_id=f"r-{user}") for user in users])
    await asyncio.gather(
        *[
            billing.holds.reserve(reservation(f"t-{user}-{number}", 10, user_id=user))
            for user in users
            for number in range(10)
        ]
    )
    for user in users:
        balance = await billing.balance(user)
        assert (balance.available, balance.held) == (0, 100)
