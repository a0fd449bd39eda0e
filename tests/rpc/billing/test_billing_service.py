"""Billing over gRPC: a real server with the whole chain, its workers and its broker."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from kit.errors import Forbidden, InsufficientCredits, Invalid, NotFound, Precondition, Unauthenticated
from services.billing.domain.limits import CREDITS_LIMIT
from tests.polling import eventually
from tests.rpc.billing.conftest import ADMIN, USER, BillingService, reservation
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.billing.v1 import pricing_service_pb2 as pricing
from voxreel.task.v1.events_pb2 import TaskCancelled, TaskFailed, TaskSucceeded


async def test_a_user_without_an_account_has_nothing(billing: BillingService) -> None:
    assert await billing.balance() == (0, 0)


async def test_an_administrator_recharges_a_user(billing: BillingService) -> None:
    request = ledger.RechargeCreditsRequest(request_id="r-1", user_id=USER, credits=1000, description="客服补偿积分")
    with billing.calling_as(ADMIN):
        response = await billing.ledger.RechargeCredits(request)
        assert await billing.ledger.RechargeCredits(request) == response
    entry = response.entry
    assert response.user_account == "alice"
    assert (entry.type, entry.credits) == (ledger.ENTRY_TYPE_ADMIN_RECHARGE, 1000)
    assert (entry.balance_before, entry.balance_after) == (0, 1000)
    assert (entry.description, entry.operator_user_id) == ("客服补偿积分", ADMIN)
    assert await billing.balance() == (1000, 0)


async def test_a_recharge_without_a_description_gets_the_usual_one(billing: BillingService) -> None:
    assert (await billing.recharge(10)).description == "管理员手动充值"


async def test_recharges_are_refused_with_their_reason(billing: BillingService) -> None:
    await billing.recharge(10)
    for refusal, text, arguments in (
        (Invalid, "IDEMPOTENCY_KEY_REUSED", {"credits": 11}),
        (Invalid, "FIELD_INVALID: 充值积分必须大于或等于 1", {"credits": 0}),
        (NotFound, "USER_NOT_FOUND: 用户不存在", {"credits": 1, "user_id": 99}),
        (Precondition, "CREDITS_LIMIT_EXCEEDED", {"credits": CREDITS_LIMIT, "request_id": "second"}),
    ):
        with pytest.raises(refusal, match=text):
            await billing.recharge(**arguments)
    assert await billing.balance() == (10, 0)


async def test_only_an_administrator_recharges_and_only_services_move_holds(billing: BillingService) -> None:
    with billing.calling_as(USER):
        with pytest.raises(Forbidden, match="ADMIN_REQUIRED"):
            await billing.ledger.RechargeCredits(ledger.RechargeCreditsRequest(request_id="r", user_id=USER, credits=1))
        for call in (
            billing.stranger.ReserveCredits(ledger.ReserveCreditsRequest()),
            billing.stranger.CaptureHold(ledger.CaptureHoldRequest()),
            billing.stranger.ReleaseHold(ledger.ReleaseHoldRequest()),
        ):
            with pytest.raises(Forbidden, match="INTERNAL_ONLY"):
                await call
    with pytest.raises(Unauthenticated):
        await billing.ledger.GetBalance(ledger.GetBalanceRequest())


async def test_the_life_of_a_hold(billing: BillingService) -> None:
    await billing.recharge(100)
    hold = await billing.reserve("t-1")
    assert hold.id.startswith("hold_")
    assert (hold.credits, hold.state, hold.HasField("settle_time")) == (10, ledger.HOLD_STATE_OPEN, False)
    assert hold.expire_time.ToDatetime() - hold.create_time.ToDatetime() == timedelta(hours=1)
    assert await billing.reserve("t-1") == hold
    assert await billing.balance() == (90, 10)
    captured = await billing.ledger.CaptureHold(ledger.CaptureHoldRequest(hold_id=hold.id, credits=4))
    assert (captured.hold.state, captured.hold.captured_credits) == (ledger.HOLD_STATE_CAPTURED, 4)
    assert await billing.balance() == (96, 0)
    with pytest.raises(Precondition, match="HOLD_SETTLED"):
        await billing.ledger.ReleaseHold(ledger.ReleaseHoldRequest(hold_id=hold.id))


async def test_too_little_credit_says_how_much_is_missing(billing: BillingService) -> None:
    await billing.recharge(9)
    with pytest.raises(InsufficientCredits, match="积分不足，需要 10 积分，当前可用 9 积分") as refusal:
        await billing.reserve("t-1")
    assert (refusal.value.required, refusal.value.available) == (10, 9)


async def test_zero_credits_is_not_the_same_as_no_credits(billing: BillingService) -> None:
    assert (await billing.reserve("t-1", 0)).credits == 0
    with pytest.raises(InsufficientCredits):
        await billing.reserve("t-2")


async def test_fifty_calls_at_once_spend_no_more_than_there_is(billing: BillingService) -> None:
    await billing.recharge(1000)
    results = await asyncio.gather(
        *[billing.reserve(f"t-{number}", 100) for number in range(50)], return_exceptions=True
    )
    assert sum(isinstance(result, ledger.Hold) for result in results) == 10
    assert sum(isinstance(result, InsufficientCredits) for result in results) == 40
    assert await billing.balance() == (0, 1000)


async def test_calls_of_one_batch_are_refused_one_by_one(billing: BillingService) -> None:
    await billing.recharge(25)
    results = await asyncio.gather(
        *[
            billing.ledger.ReserveCredits(request)
            for request in (
                reservation("t-1", 15),
                reservation("t-2", 15),
                reservation("", 1),
                reservation("t-3", -1),
                reservation("t-4"),
            )
        ],
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [
        ledger.ReserveCreditsResponse,
        InsufficientCredits,
        Invalid,
        Invalid,
        ledger.ReserveCreditsResponse,
    ]
    assert await billing.balance() == (0, 25)


async def test_the_head_of_the_chain_is_for_administrators(billing: BillingService) -> None:
    request = ledger.GetChainHeadRequest()
    with billing.calling_as(ADMIN):
        assert (await billing.ledger.GetChainHead(request)).hash == "0" * 64
    await billing.recharge(25)
    await billing.reserve("t-1")
    with billing.calling_as(ADMIN):
        head = await billing.ledger.GetChainHead(request)
    assert (head.transaction_id, len(head.hash)) == (2, 64)
    with billing.calling_as(USER), pytest.raises(Forbidden, match="ADMIN_REQUIRED"):
        await billing.ledger.GetChainHead(request)


async def test_entries_are_listed_for_their_user_only(billing: BillingService) -> None:
    await billing.recharge(100)
    hold = await billing.reserve("t-1")
    await billing.ledger.ReleaseHold(ledger.ReleaseHoldRequest(hold_id=hold.id))
    with billing.calling_as(USER):
        response = await billing.ledger.ListEntries(ledger.ListEntriesRequest())
        assert [(entry.type, entry.credits) for entry in response.entries] == [
            (ledger.ENTRY_TYPE_REFUND, 10),
            (ledger.ENTRY_TYPE_FEATURE_CONSUME, -10),
            (ledger.ENTRY_TYPE_ADMIN_RECHARGE, 100),
        ]
        assert response.total_size == 3
        assert response.entries[1].feature_key == "tts"
        assert not response.entries[2].HasField("feature_key")
        page = await billing.ledger.ListEntries(ledger.ListEntriesRequest(page_size=1, skip=1))
        assert [entry.credits for entry in page.entries] == [-10]
        only = ledger.ListEntriesRequest(type=ledger.ENTRY_TYPE_REFUND)
        assert (await billing.ledger.ListEntries(only)).total_size == 1
        for request in (
            ledger.ListEntriesRequest(page_size=101),
            ledger.ListEntriesRequest(page_size=0),
            ledger.ListEntriesRequest(skip=-1),
            ledger.ListEntriesRequest(type=ledger.ENTRY_TYPE_UNSPECIFIED),
        ):
            with pytest.raises(Invalid, match="FIELD_INVALID"):
                await billing.ledger.ListEntries(request)
    with billing.calling_as(ADMIN):
        assert (await billing.ledger.ListEntries(ledger.ListEntriesRequest())).total_size == 0


async def test_prices_are_public(billing: BillingService) -> None:
    response = await billing.prices.ListFeaturePrices(pricing.ListFeaturePricesRequest())
    assert [(price.key, price.credits) for price in response.prices][:2] == [("tts", 10), ("voice_clone", 50)]
    assert len(response.prices) == 6


async def test_the_ends_of_tasks_settle_their_holds(billing: BillingService) -> None:
    await billing.recharge(100)
    for task_id in ("t-1", "t-2", "t-3"):
        await billing.reserve(task_id)
    for payload, subject in (
        (TaskSucceeded(task_id="t-1", user_id=USER), "evt.speech.task.succeeded"),
        (TaskFailed(task_id="t-2", user_id=USER), "evt.video.task.failed"),
        (TaskCancelled(task_id="t-3", user_id=USER), "evt.speech.task.cancelled"),
    ):
        for _ in range(2):
            await billing.publish(subject, payload)

    async def is_settled() -> bool:
        return (await billing.balance())[1] == 0

    await eventually(is_settled)
    assert await billing.balance() == (90, 0)


async def test_a_task_that_ended_before_its_hold_gets_none(billing: BillingService) -> None:
    await billing.recharge(100)
    await billing.publish("evt.speech.task.failed", TaskFailed(task_id="t-1", user_id=USER))

    async def is_refused() -> bool:
        try:
            await billing.reserve("t-1")
        except Precondition as error:
            return error.reason_name == "HOLD_SETTLED"
        return False

    # Whichever comes first, the hold or the end of the task, nothing stays held.
    await eventually(is_refused)
    assert await billing.balance() == (100, 0)
