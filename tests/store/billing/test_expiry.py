"""Credits whose time is over, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kit.errors import InsufficientCredits
from services.billing.domain.commands import ExpireCredits
from services.billing.domain.ledger import Balance, Entry, EntryType, Recharge
from services.billing.store.entry_pages import EntryPages
from services.billing.usecases.reads import LedgerReader
from services.billing.workers.expire_credits import CreditExpiry
from tests.store.billing.conftest import USER, Billing, reservation
from tests.store.billing.test_verification import assert_named, findings

DAY_S = 24 * 3600


async def grant(billing: Billing, credits: int, days: int | None, request_id: str = "g-1") -> Entry:
    return await billing.grant(Recharge(request_id, 1, USER, credits, "充值", days))


def worker(billing: Billing) -> CreditExpiry:
    return CreditExpiry(billing.units, billing.writer, billing.clock)


async def shown(billing: Billing) -> Balance:
    """As the user is told."""
    (balance,) = await LedgerReader(billing.units, EntryPages(billing.database), billing.clock).balances([USER])
    return balance


async def changes(billing: Billing) -> list[tuple[EntryType, int]]:
    return [(entry.type, entry.credits) for entry in await billing.entries()]


async def test_credits_expire_to_the_microsecond_and_once(billing: Billing, database_url: str) -> None:
    await grant(billing, 100, 30)
    over = billing.clock.now() + timedelta(days=30)
    assert (await shown(billing)).expire_time == over
    billing.clock.advance(30 * DAY_S - 0.000001)
    assert await worker(billing).step() == 0
    assert (await shown(billing)).available == 100
    billing.clock.advance(0.000001)
    assert ((await shown(billing)).available, (await shown(billing)).expire_time) == (0, None)
    assert [await worker(billing).step() for _ in range(2)] == [1, 0]
    await billing.perform(ExpireCredits(USER), ExpireCredits(USER))
    assert await changes(billing) == [(EntryType.ADMIN_RECHARGE, 100), (EntryType.EXPIRE, -100)]
    balance = await billing.balance()
    assert (balance.available, balance.expire_time, balance.expired_time) == (0, None, over)
    assert (await billing.event_subjects()).count("evt.billing.credits.expired") == 1
    assert findings(database_url) == []


async def test_the_time_moves_only_later(billing: Billing, database_url: str) -> None:
    start = billing.clock.now()
    await grant(billing, 1, 30, "g-1")
    await grant(billing, 1, 10, "g-2")
    await grant(billing, 1, None, "g-3")
    assert (await billing.balance()).expire_time == start + timedelta(days=30)
    billing.clock.advance(DAY_S)
    await grant(billing, 1, 30, "g-4")
    assert (await billing.balance()).expire_time == start + timedelta(days=31)
    assert findings(database_url) == []


@pytest.mark.parametrize("start", [datetime(2028, 2, 29, 12, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)])
async def test_a_year_is_365_days_of_24_hours_leap_day_or_not(billing: Billing, start: datetime) -> None:
    billing.clock.advance((start - billing.clock.now()).total_seconds())
    await grant(billing, 1, 365)
    expected = {2028: datetime(2029, 2, 28, 12, tzinfo=UTC), 2027: datetime(2028, 2, 29, tzinfo=UTC)}[start.year]
    assert (await billing.balance()).expire_time == expected


async def test_what_has_expired_cannot_be_spent_before_the_worker_came(billing: Billing, database_url: str) -> None:
    await grant(billing, 100, 1)
    billing.clock.advance(DAY_S)
    with pytest.raises(InsufficientCredits) as refused:
        await billing.holds.reserve(reservation("t-1", 1))
    assert refused.value.available == 0
    assert (await changes(billing))[-1] == (EntryType.EXPIRE, -100)
    await billing.recharge(10)
    await billing.holds.reserve(reservation("t-2", 10))
    assert await worker(billing).step() == 0
    assert findings(database_url) == []


async def test_what_is_held_stays_and_expires_when_it_comes_back(billing: Billing, database_url: str) -> None:
    await grant(billing, 100, 1)
    billing.clock.advance(DAY_S - 60)
    captured, part, released = [await billing.holds.reserve(reservation(f"t-{n}", 20)) for n in range(3)]
    billing.clock.advance(60)
    assert await worker(billing).step() == 1
    balance = await billing.balance()
    assert (balance.available, balance.held) == (0, 60)
    await billing.recharge(5)
    fresh = await billing.holds.reserve(reservation("t-4", 5))
    await billing.holds.capture(captured.id, None)
    await billing.holds.capture(part.id, 15)
    await billing.holds.release(released.id)
    await billing.holds.release(fresh.id)
    assert (await changes(billing))[5:] == [
        (EntryType.ADMIN_RECHARGE, 5),
        (EntryType.FEATURE_CONSUME, -5),
        (EntryType.REFUND, 5),
        (EntryType.EXPIRE, -5),
        (EntryType.REFUND, 20),
        (EntryType.EXPIRE, -20),
        (EntryType.REFUND, 5),
    ]
    balance = await billing.balance()
    assert (balance.available, balance.held) == (5, 0)
    assert (await billing.event_subjects()).count("evt.billing.credits.expired") == 3
    assert findings(database_url) == []


async def test_a_hold_settled_first_after_the_time_expires_with_the_rest(billing: Billing, database_url: str) -> None:
    await grant(billing, 100, 1)
    billing.clock.advance(DAY_S - 60)
    hold = await billing.holds.reserve(reservation("t-1", 20))
    billing.clock.advance(60)
    await billing.holds.release(hold.id)
    assert (await changes(billing))[2:] == [(EntryType.EXPIRE, -80), (EntryType.REFUND, 20), (EntryType.EXPIRE, -20)]
    assert findings(database_url) == []


async def test_a_later_time_given_before_the_end_saves_what_is_held(billing: Billing, database_url: str) -> None:
    await grant(billing, 100, 1)
    hold = await billing.holds.reserve(reservation("t-1", 20))
    await grant(billing, 1, 2, "g-2")
    billing.clock.advance(DAY_S)
    await billing.holds.release(hold.id)
    assert (await billing.balance()).available == 101
    assert findings(database_url) == []


async def test_a_time_that_passes_over_nothing_leaves_no_transaction(billing: Billing, database_url: str) -> None:
    await grant(billing, 20, 1)
    hold = await billing.holds.reserve(reservation("t-1", 20))
    await billing.holds.capture(hold.id, None)
    billing.clock.advance(DAY_S)
    assert await worker(billing).step() == 1
    assert findings(database_url) == []
    assert [kind for kind, _ in await changes(billing)] == [EntryType.ADMIN_RECHARGE, EntryType.FEATURE_CONSUME]
    await billing.recharge(5)
    billing.clock.advance(DAY_S * 4000)
    assert (await shown(billing)).available == 5
    assert findings(database_url) == []


async def test_times_that_were_tampered_with_are_named(billing: Billing, database_url: str) -> None:
    await grant(billing, 100, 1)
    hold = await billing.holds.reserve(reservation("t-1", 20))
    billing.clock.advance(DAY_S)
    await worker(billing).step()
    await grant(billing, 7, 2, "g-2")
    await billing.holds.release(hold.id)
    assert_named(
        database_url,
        ("UPDATE accounts SET expire_time = NULL", "account of user 7: expires never, but"),
        ("UPDATE accounts SET expired_time = NULL", "account of user 7: expired never, but"),
        ("UPDATE validities SET days = 9 WHERE days = 1", "transaction 1: claims its request with another input"),
        ("DELETE FROM validities WHERE days = 2", "account of user 7: expires 20"),
        ("UPDATE transactions SET request_key = 'expire:7:x' WHERE id = 3", "transaction 3: claims request expire:7:x"),
        ("UPDATE transactions SET kind = 'deduct' WHERE id = 3", "transaction 3: was made while the user had credits"),
        ("UPDATE transactions SET kind = 'deduct' WHERE id = 6", "hold "),
        ("UPDATE holds SET credits = 19", "transaction 6: takes other credits"),
        ("UPDATE transactions SET hold_id = NULL WHERE id = 6", "transaction 6: takes credits whose time is not over"),
        ("UPDATE validities SET days = 9 WHERE days = 1", "transaction 3: takes credits whose time is not over"),
    )
