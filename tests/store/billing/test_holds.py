"""What happens to holds and balances, on both engines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kit.errors import InsufficientCredits, Invalid, NotFound, Precondition
from services.billing.domain.commands import Settlement, TaskOutcome
from services.billing.domain.holds import HoldState
from services.billing.domain.ledger import EntryType
from services.billing.store.entry_pages import EntryPages
from services.billing.workers.expire_holds import HoldExpiry
from tests.store.billing.conftest import USER, Billing, reservation


async def test_a_user_without_an_account_has_nothing(billing: Billing) -> None:
    balance = await billing.balance()
    assert (balance.available, balance.held) == (0, 0)


async def test_reserving_shows_a_deduction_and_capturing_nothing_more(billing: Billing) -> None:
    await billing.recharge(100)
    hold = await billing.holds.reserve(reservation("t-1"))
    assert (hold.credits, hold.state) == (10, HoldState.OPEN)
    balance = await billing.balance()
    assert (balance.available, balance.held) == (90, 10)
    captured = await billing.holds.capture(hold.id, None)
    assert (captured.state, captured.captured_credits) == (HoldState.CAPTURED, 10)
    balance = await billing.balance()
    assert (balance.available, balance.held) == (90, 0)
    _, deduction = await billing.entries()
    assert (deduction.type, deduction.credits) == (EntryType.FEATURE_CONSUME, -10)
    assert (deduction.balance_before, deduction.balance_after) == (100, 90)
    assert (deduction.description, deduction.feature_key) == ("TTS语音合成消耗积分", "tts")
    assert deduction.hold_id == hold.id
    assert await billing.event_subjects() == ["evt.billing.credits.recharged", "evt.billing.hold.captured"]


async def test_releasing_shows_a_refund(billing: Billing) -> None:
    await billing.recharge(100)
    hold = await billing.holds.reserve(reservation("t-1"))
    released = await billing.holds.release(hold.id)
    assert released.state is HoldState.RELEASED
    assert (await billing.balance()).available == 100
    refund = (await billing.entries())[-1]
    assert (refund.type, refund.credits, refund.balance_after) == (EntryType.REFUND, 10, 100)
    assert await billing.event_subjects() == ["evt.billing.credits.recharged", "evt.billing.hold.released"]


async def test_capturing_less_gives_the_rest_back(billing: Billing) -> None:
    await billing.recharge(100)
    hold = await billing.holds.reserve(reservation("t-1"))
    await billing.holds.capture(hold.id, 4)
    balance = await billing.balance()
    assert (balance.available, balance.held) == (96, 0)
    assert (await billing.entries())[-1].credits == 6


async def test_settling_again_answers_as_it_did_and_the_other_way_is_refused(billing: Billing) -> None:
    await billing.recharge(100)
    hold = await billing.holds.reserve(reservation("t-1"))
    first = await billing.holds.capture(hold.id, 4)
    billing.clock.advance(60)
    assert await billing.holds.capture(hold.id, None) == first
    with pytest.raises(Precondition) as refusal:
        await billing.holds.release(hold.id)
    assert refusal.value.reason_name == "HOLD_SETTLED"
    assert len(await billing.entries()) == 3


async def test_a_hold_nobody_made_is_not_found(billing: Billing) -> None:
    for settling in (billing.holds.capture("hold_x", None), billing.holds.release("hold_x")):
        with pytest.raises(NotFound) as refusal:
            await settling
        assert refusal.value.reason_name == "HOLD_NOT_FOUND"


async def test_reserving_again_answers_the_same_hold(billing: Billing) -> None:
    await billing.recharge(100)
    first = await billing.holds.reserve(reservation("t-1"))
    billing.clock.advance(60)
    assert await billing.holds.reserve(reservation("t-1")) == first
    assert (await billing.balance()).held == 10


async def test_the_same_id_with_another_body_is_refused(billing: Billing) -> None:
    await billing.recharge(100)
    await billing.recharge(100, user_id=8, request_id="second")
    await billing.holds.reserve(reservation("t-1"))
    for other in (reservation("t-1", 10), reservation("t-1", user_id=8)):
        with pytest.raises(Invalid) as refusal:
            await billing.holds.reserve(other)
        assert refusal.value.reason_name == "IDEMPOTENCY_KEY_REUSED"
    assert (await billing.balance(8)).held == 0


async def test_too_little_credit_changes_nothing(billing: Billing) -> None:
    await billing.recharge(9)
    with pytest.raises(InsufficientCredits) as refusal:
        await billing.holds.reserve(reservation("t-1"))
    assert (refusal.value.required, refusal.value.available) == (10, 9)
    assert (await billing.balance()).available == 9
    await billing.recharge(1, request_id="second")
    assert (await billing.holds.reserve(reservation("t-1"))).credits == 10


async def test_a_feature_without_a_price_is_refused(billing: Billing) -> None:
    with pytest.raises(NotFound) as refusal:
        await billing.holds.reserve(replace(reservation("t-1"), feature_key="teleport"))
    assert refusal.value.reason_name == "FEATURE_NOT_FOUND"


async def test_a_description_is_made_when_none_is_given(billing: Billing) -> None:
    await billing.recharge(100)
    await billing.holds.reserve(replace(reservation("t-1"), description=""))
    assert (await billing.entries())[-1].description == "语音合成消耗积分"


async def test_a_hold_past_its_time_is_released_once(billing: Billing) -> None:
    await billing.recharge(100)
    open_hold = await billing.holds.reserve(reservation("t-1"))
    captured = await billing.holds.reserve(reservation("t-2"))
    await billing.holds.capture(captured.id, None)
    expiry = HoldExpiry(billing.units, billing.writer, billing.clock)
    billing.clock.advance(3599)
    assert await expiry.step() == 0
    billing.clock.advance(1)
    assert await expiry.step() == 1
    assert await expiry.step() == 0
    balance = await billing.balance()
    assert (balance.available, balance.held) == (90, 0)
    with pytest.raises(Precondition):
        await billing.holds.capture(open_hold.id, None)
    with pytest.raises(Precondition):
        await billing.holds.reserve(reservation("t-1"))


async def test_the_end_of_a_task_before_its_hold_keeps_the_hold_from_being_made(billing: Billing) -> None:
    await billing.recharge(100)
    assert await billing.end_task("t-1", TaskOutcome.NOT_DONE) is Settlement.BURIED
    with pytest.raises(Precondition) as refusal:
        await billing.holds.reserve(reservation("t-1"))
    assert refusal.value.reason_name == "HOLD_SETTLED"
    assert await billing.end_task("t-1", TaskOutcome.NOT_DONE) is Settlement.REPEATED
    balance = await billing.balance()
    assert (balance.available, balance.held) == (100, 0)


async def test_a_task_settles_its_hold_by_its_end(billing: Billing) -> None:
    await billing.recharge(100)
    succeeded, not_done = TaskOutcome.SUCCEEDED, TaskOutcome.NOT_DONE
    for task_id, first, other in (("t-1", succeeded, not_done), ("t-2", not_done, succeeded)):
        await billing.holds.reserve(reservation(task_id))
        assert await billing.end_task(task_id, first) is Settlement.SETTLED
        assert await billing.end_task(task_id, first) is Settlement.REPEATED
        assert await billing.end_task(task_id, other) is Settlement.CONTRADICTED
    balance = await billing.balance()
    assert (balance.available, balance.held) == (90, 0)


async def test_a_recharge_is_done_once_per_administrator_and_request(billing: Billing) -> None:
    first = await billing.recharge(100)
    billing.clock.advance(60)
    assert await billing.recharge(100) == first
    with pytest.raises(Invalid) as refusal:
        await billing.recharge(101)
    assert refusal.value.reason_name == "IDEMPOTENCY_KEY_REUSED"
    assert (await billing.balance()).available == 100


async def test_a_user_who_does_not_exist_gets_nothing(billing: Billing) -> None:
    with pytest.raises(NotFound) as refusal:
        await billing.recharge(100, user_id=1000)
    assert refusal.value.reason_name == "USER_NOT_FOUND"


async def test_entries_are_listed_newest_first_by_type_and_page(billing: Billing) -> None:
    await billing.recharge(100)
    for number in range(3):
        await billing.holds.reserve(reservation(f"t-{number}"))
    await billing.recharge(5, user_id=8, request_id="second")
    pages = EntryPages(billing.database)
    newest, total = await pages.page(USER, only=None, limit=2, offset=0)
    assert ([entry.balance_after for entry in newest], total) == ([70, 80], 4)
    rest, _ = await pages.page(USER, only=None, limit=2, offset=2)
    assert [entry.balance_after for entry in rest] == [90, 100]
    assert await pages.page(USER, only=None, limit=2, offset=4) == ([], 4)
    consumed, total = await pages.page(USER, only=EntryType.FEATURE_CONSUME, limit=10, offset=0)
    assert (len(consumed), total) == (3, 3)
