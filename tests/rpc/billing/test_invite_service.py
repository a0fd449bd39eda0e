"""Invite codes, adjustments and the time of credits over gRPC: a real server with the whole chain."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kit.errors import Forbidden, InsufficientCredits, Invalid, NotFound, Precondition, RateLimited, Unauthenticated
from kit.rpc.times import timestamp_of
from tests.rpc.billing.conftest import ADMIN, USER, BillingService
from voxreel.billing.v1 import card_service_pb2 as cards
from voxreel.billing.v1 import invite_service_pb2 as pb
from voxreel.billing.v1 import ledger_service_pb2 as ledger

CREDITS = 1000


async def generate(billing: BillingService, quantity: int, days: int | None = None) -> list[pb.InviteCode]:
    request = pb.GenerateInviteCodesRequest(request_id=f"g-{days}", quantity=quantity, expires_days=days)
    with billing.calling_as(ADMIN):
        return list((await billing.invites.GenerateInviteCodes(request)).invite_codes)


async def test_an_invite_code_from_its_making_to_its_use(billing: BillingService) -> None:
    first, second = await generate(billing, 2)
    assert await generate(billing, 2) == [first, second]
    assert (first.credits, first.state, first.operator_user_id) == (CREDITS, pb.INVITE_CODE_STATE_UNUSED, ADMIN)
    request = pb.UseInviteCodeRequest(request_id="u-1", code=first.code.replace("-", " ").lower())
    year = timestamp_of(billing.clock.now() + timedelta(days=365))
    with billing.calling_as(USER):
        used = await billing.invites.UseInviteCode(request)
        assert await billing.invites.UseInviteCode(request) == used
        balance = await billing.ledger.GetBalance(ledger.GetBalanceRequest())
        listed = await billing.ledger.ListEntries(ledger.ListEntriesRequest(type=ledger.ENTRY_TYPE_INVITE_CODE))
    assert (used.entry.credits, used.entry.balance_after, used.credits_expire_time) == (CREDITS, CREDITS, year)
    assert used.entry.description == f"使用邀请码: {first.code}"
    assert list(listed.entries) == [used.entry]
    assert (balance.available_credits, balance.credits_expire_time) == (CREDITS, year)
    with billing.calling_as(ADMIN):
        codes = await billing.invites.ListInviteCodes(pb.ListInviteCodesRequest())
        wanted = pb.InviteCodeFilter(state=pb.INVITE_CODE_STATE_USED, operator_user_id=ADMIN)
        by_filter = await billing.invites.ListInviteCodes(pb.ListInviteCodesRequest(filter=wanted))
        balances = await billing.ledger.BatchGetBalances(ledger.BatchGetBalancesRequest(user_ids=[9, USER]))
    assert ([code.code for code in codes.invite_codes], codes.total_size) == ([second.code, first.code], 2)
    assert list(by_filter.invite_codes) == [used.invite_code]
    assert (used.invite_code.used_by_user_id, used.invite_code.state) == (USER, pb.INVITE_CODE_STATE_USED)
    assert [(each.user_id, each.available_credits) for each in balances.balances] == [(9, 0), (USER, CREDITS)]
    assert balances.balances[1].credits_expire_time == year


async def test_each_refusal_says_why(billing: BillingService) -> None:
    (used,), (expired,) = await generate(billing, 1), await generate(billing, 1, 1)
    with billing.calling_as(USER):
        await billing.invites.UseInviteCode(pb.UseInviteCodeRequest(request_id="u-1", code=used.code))
    billing.clock.advance(24 * 3600)
    with billing.calling_as(USER):
        for code, text in (
            (used.code, "INVITE_CODE_USED: 邀请码已被使用"),
            (expired.code, "INVITE_CODE_EXPIRED: 邀请码已过期"),
            ("nothing", "INVITE_CODE_NOT_FOUND: 邀请码不存在"),
        ):
            with pytest.raises((NotFound, Precondition), match=text):
                await billing.invites.UseInviteCode(pb.UseInviteCodeRequest(request_id="u-2", code=code))
        for number in range(10):
            request = cards.RedeemCardRequest(request_id=f"r-{number}", code="Z" * 16)
            with pytest.raises(NotFound, match="CARD_NOT_FOUND"):
                await billing.cards.RedeemCard(request)
        with pytest.raises(RateLimited, match="错误次数过多，请稍后再试") as refused:
            await billing.invites.UseInviteCode(pb.UseInviteCodeRequest(request_id="u-3", code="ZZZZ-ZZZZ"))
        assert refused.value.retry_after_s == 600


async def test_an_administrator_sets_a_balance(billing: BillingService) -> None:
    await billing.recharge(100)
    await billing.reserve("t-1", 40)
    request = ledger.AdjustCreditsRequest(
        request_id="a-1", user_id=USER, operation=ledger.ADJUSTMENT_OPERATION_SET, credits=10, reason="系统赠送"
    )
    with billing.calling_as(ADMIN):
        adjusted = await billing.ledger.AdjustCredits(request)
        assert await billing.ledger.AdjustCredits(request) == adjusted
        request.request_id = "a-2"
        same = await billing.ledger.AdjustCredits(request)
        request.operation = ledger.ADJUSTMENT_OPERATION_SUBTRACT
        request.credits = 11
        with pytest.raises(Invalid, match="IDEMPOTENCY_KEY_REUSED"):
            await billing.ledger.AdjustCredits(request)
        request.request_id = "a-3"
        with pytest.raises(Precondition, match="扣除的积分超过用户可用积分，当前可用 10 积分"):
            await billing.ledger.AdjustCredits(request)
        request.operation = ledger.ADJUSTMENT_OPERATION_UNSPECIFIED
        with pytest.raises(Invalid, match="FIELD_INVALID"):
            await billing.ledger.AdjustCredits(request)
    assert (adjusted.balance_before, adjusted.balance_after, adjusted.user_account) == (60, 10, "alice")
    assert (adjusted.entry.type, adjusted.entry.credits) == (ledger.ENTRY_TYPE_ADMIN_DEDUCT, -50)
    assert (adjusted.entry.description, adjusted.entry.operator_user_id) == ("系统赠送", ADMIN)
    assert (same.balance_before, same.balance_after, same.HasField("entry")) == (10, 10, False)
    assert await billing.balance() == (10, 40)


async def test_what_has_expired_cannot_be_held(billing: BillingService) -> None:
    request = ledger.RechargeCreditsRequest(request_id="r-1", user_id=USER, credits=100, validity_days=1)
    with billing.calling_as(ADMIN):
        await billing.ledger.RechargeCredits(request)
    billing.clock.advance(24 * 3600)
    assert await billing.balance() == (0, 0)
    with pytest.raises(InsufficientCredits):
        await billing.reserve("t-1")
    with billing.calling_as(USER):
        listed = await billing.ledger.ListEntries(ledger.ListEntriesRequest(type=ledger.ENTRY_TYPE_EXPIRE))
    assert [(entry.credits, entry.description) for entry in listed.entries] == [(-100, "积分已过期")]


async def test_administrators_make_and_set_and_users_do_not(billing: BillingService) -> None:
    with billing.calling_as(USER):
        for call in (
            billing.invites.GenerateInviteCodes(pb.GenerateInviteCodesRequest(request_id="g", quantity=1)),
            billing.invites.ListInviteCodes(pb.ListInviteCodesRequest()),
            billing.ledger.AdjustCredits(ledger.AdjustCreditsRequest()),
            billing.ledger.BatchGetBalances(ledger.BatchGetBalancesRequest()),
        ):
            with pytest.raises(Forbidden, match="ADMIN_REQUIRED"):
                await call
    with pytest.raises(Unauthenticated):
        await billing.invites.UseInviteCode(pb.UseInviteCodeRequest(request_id="u", code="AAAA-AAAA"))
    with billing.calling_as(ADMIN), pytest.raises(Invalid, match="FIELD_INVALID"):
        await billing.ledger.BatchGetBalances(ledger.BatchGetBalancesRequest(user_ids=range(1, 102)))
