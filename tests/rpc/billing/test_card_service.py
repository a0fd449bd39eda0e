"""Cards over gRPC: a real server with the whole chain."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from typing import Any

import pytest

from kit.errors import Forbidden, Invalid, NotFound, Precondition, Unauthenticated
from services.billing.store.audit import open_audit
from services.billing.usecases.verification import Verification
from tests.polling import answered
from tests.rpc.billing.conftest import ADMIN, USER, BillingService, connected
from voxreel.billing.v1 import card_service_pb2 as pb
from voxreel.billing.v1 import card_service_pb2_grpc
from voxreel.billing.v1 import ledger_service_pb2 as ledger

CREDITS = 100
CALLERS = 200
ROUNDS = 50


def generation(quantity: int, request_id: str = "g-1") -> pb.GenerateCardsRequest:
    return pb.GenerateCardsRequest(
        request_id=request_id,
        package_key="recharge_1",
        quantity=quantity,
        batch_number="BATCH_1",
        description="新年活动卡密",
        expires_days=365,
    )


async def generate(billing: BillingService, quantity: int) -> list[str]:
    with billing.calling_as(ADMIN):
        return list((await billing.cards.GenerateCards(generation(quantity))).codes)


async def test_a_card_from_its_making_to_its_use(billing: BillingService) -> None:
    with billing.calling_as(ADMIN):
        made = await billing.cards.GenerateCards(generation(2))
        assert await billing.cards.GenerateCards(generation(2)) == made
        with pytest.raises(Invalid, match="IDEMPOTENCY_KEY_REUSED"):
            await billing.cards.GenerateCards(generation(3))
    batch = made.batch
    assert (batch.number, batch.package_name, batch.credits, batch.price_fen) == ("BATCH_1", "1元充值", CREDITS, 100)
    assert (batch.expire_time.ToDatetime() - batch.create_time.ToDatetime()).days == 365
    code = made.codes[0]
    request = pb.RedeemCardRequest(request_id="r-1", code=f"{code[:4]}-{code[4:]}".lower())
    with billing.calling_as(USER):
        redeemed = await billing.cards.RedeemCard(request)
        assert await billing.cards.RedeemCard(request) == redeemed
        listed = await billing.ledger.ListEntries(ledger.ListEntriesRequest(type=ledger.ENTRY_TYPE_CARD_ACTIVATION))
    assert list(listed.entries) == [redeemed.entry]
    assert (redeemed.entry.card_code, redeemed.entry.credits, redeemed.entry.balance_after) == (code, CREDITS, CREDITS)
    assert redeemed.entry.description == f"激活卡密 {code}，获得 100 积分（1元充值）"
    assert (redeemed.card.state, redeemed.card.used_by_user_id) == (pb.CARD_STATE_USED, USER)
    with billing.calling_as(ADMIN):
        cards = (await billing.cards.ListCards(pb.ListCardsRequest())).cards
        stats = await billing.cards.GetCardStats(pb.GetCardStatsRequest())
    assert [(card.code, card.state) for card in cards] == [
        (made.codes[1], pb.CARD_STATE_ACTIVE),
        (code, pb.CARD_STATE_USED),
    ]
    assert not cards[0].HasField("used_by_user_id")
    assert cards[1] == redeemed.card
    assert (stats.active_cards, stats.used_cards, stats.active_credits, stats.active_price_fen) == (1, 1, CREDITS, 100)


async def test_each_refusal_says_why(billing: BillingService) -> None:
    used, disabled, deleted, expired = await generate(billing, 4)
    with billing.calling_as(USER):
        await billing.cards.RedeemCard(pb.RedeemCardRequest(request_id="r-1", code=used))
    with billing.calling_as(ADMIN):
        ids = {card.code: card.id for card in (await billing.cards.ListCards(pb.ListCardsRequest())).cards}
        answer = await billing.cards.DisableCards(pb.DisableCardsRequest(card_id=ids[disabled]))
        assert answer.disabled_cards == 1
        await billing.cards.DeleteCard(pb.DeleteCardRequest(card_id=ids[deleted]))
        for refused, match in (
            (billing.cards.DeleteCard(pb.DeleteCardRequest(card_id=ids[used])), "CARD_USED"),
            (billing.cards.DeleteCard(pb.DeleteCardRequest(card_id=99)), "CARD_NOT_FOUND"),
            (billing.cards.DisableCards(pb.DisableCardsRequest(batch_number="x")), "CARD_BATCH_NOT_FOUND"),
            (billing.cards.DisableCards(pb.DisableCardsRequest()), "FIELD_INVALID"),
            (billing.cards.ListCards(pb.ListCardsRequest(page_size=101)), "FIELD_INVALID"),
        ):
            with pytest.raises((Invalid, NotFound, Precondition), match=match):
                await refused
    billing.clock.advance(366 * 24 * 3600)
    with billing.calling_as(USER):
        for code, text in (
            (used, "CARD_USED: 卡密已被使用"),
            (disabled, "CARD_DISABLED: 卡密已被禁用"),
            (deleted, "CARD_NOT_FOUND: 卡密不存在"),
            (expired, "CARD_EXPIRED: 卡密已过期"),
            ("nothing", "CARD_NOT_FOUND: 卡密不存在"),
        ):
            with pytest.raises((NotFound, Precondition), match=text):
                await billing.cards.RedeemCard(pb.RedeemCardRequest(request_id="r-2", code=code))
    assert await billing.balance() == (CREDITS, 0)


async def test_a_batch_of_ten_thousand_travels_as_a_whole(billing: BillingService) -> None:
    codes = await generate(billing, 10_000)
    with billing.calling_as(ADMIN):
        parts = [part async for part in billing.cards.ExportCards(pb.ExportCardsRequest())]
        disabled = await billing.cards.DisableCards(pb.DisableCardsRequest(batch_number="BATCH_1"))
        request = pb.ListCardsRequest(filter=pb.CardFilter(state=pb.CARD_STATE_DISABLED, keyword="batch_"))
        assert (await billing.cards.ListCards(request)).total_size == 10_000
    assert [card.code for part in parts for card in part.cards] == codes[::-1]
    assert disabled.disabled_cards == 10_000


async def test_cards_are_for_administrators_and_redeeming_is_for_users(billing: BillingService) -> None:
    with billing.calling_as(USER):
        for call in (
            billing.cards.GenerateCards(generation(1)),
            billing.cards.ListCards(pb.ListCardsRequest()),
            billing.cards.GetCardStats(pb.GetCardStatsRequest()),
            billing.cards.DisableCards(pb.DisableCardsRequest(card_id=1)),
            billing.cards.DeleteCard(pb.DeleteCardRequest(card_id=1)),
        ):
            with pytest.raises(Forbidden, match="ADMIN_REQUIRED"):
                await call
        with pytest.raises(Forbidden, match="ADMIN_REQUIRED"):
            _ = [part async for part in billing.cards.ExportCards(pb.ExportCardsRequest())]
    with pytest.raises(Unauthenticated):
        await billing.cards.RedeemCard(pb.RedeemCardRequest(request_id="r-1", code="A2B3C4D5E6F7G8H9"))


async def test_of_two_hundred_who_redeem_one_card_exactly_one_gets_it(
    billing_on_both: BillingService, database_url: str
) -> None:
    billing = billing_on_both
    codes = await generate(billing, ROUNDS)
    async with connected(billing.address, 10) as peers:
        stubs = [peer.stub(card_service_pb2_grpc.CardServiceStub) for peer in peers]

        async def redeem(caller: int, code: str) -> pb.RedeemCardResponse:
            # Half of the calls come from users of their own, half from one user in a hurry.
            with billing.calling_as(100 + caller if caller % 2 else USER):
                request = pb.RedeemCardRequest(request_id=f"{code}-{caller}", code=code)
                return await answered(partial(stubs[caller % len(stubs)].RedeemCard, request))

        winners: Counter[int] = Counter()
        for code in codes:
            results = await asyncio.gather(*[redeem(each, code) for each in range(CALLERS)], return_exceptions=True)
            won = [result for result in results if isinstance(result, pb.RedeemCardResponse)]
            lost = [result for result in results if isinstance(result, Precondition)]
            assert (len(won), len(lost)) == (1, CALLERS - 1)
            assert {refusal.reason_name for refusal in lost} == {"CARD_USED"}
            winners[won[0].card.used_by_user_id] += 1
    for user_id, number in winners.items():
        assert await billing.balance(user_id) == (CREDITS * number, 0)
    with open_audit(database_url) as audit:
        verification = Verification(audit)
        assert list(verification.findings()) == []
        assert verification.transactions == ROUNDS


async def test_entries_of_everybody_are_searched_by_administrators(billing: BillingService) -> None:
    (code,) = await generate(billing, 1)
    await billing.recharge(5, user_id=8)
    with billing.calling_as(USER):
        redeemed = await billing.cards.RedeemCard(pb.RedeemCardRequest(request_id="r-1", code=code))
        with pytest.raises(Forbidden, match="ADMIN_REQUIRED"):
            await billing.ledger.SearchEntries(ledger.SearchEntriesRequest())
    with billing.calling_as(ADMIN):

        async def search(**wanted: Any) -> list[int]:
            request = ledger.SearchEntriesRequest(filter=ledger.EntryFilter(**wanted))
            response = await billing.ledger.SearchEntries(request)
            assert response.total_size == len(response.entries)
            return [entry.user_id for entry in response.entries]

        assert await search() == [USER, 8]
        assert await search(keyword=code[3:9]) == [USER]
        assert await search(keyword="bob", keyword_user_ids=[8]) == [8]
        assert await search(type=ledger.ENTRY_TYPE_ADMIN_RECHARGE, credits_max=5) == [8]
        assert await search(owners=ledger.EntryOwners(user_ids=[8, 99])) == [8]
        assert await search(owners=ledger.EntryOwners()) == []
        assert await search(create_time_from=redeemed.entry.create_time, user_id=USER) == [USER]
        for wrong in (
            ledger.SearchEntriesRequest(page_size=101),
            ledger.SearchEntriesRequest(skip=-1),
            ledger.SearchEntriesRequest(filter=ledger.EntryFilter(type=ledger.ENTRY_TYPE_UNSPECIFIED)),
            ledger.SearchEntriesRequest(filter=ledger.EntryFilter(keyword="\0")),
            ledger.SearchEntriesRequest(filter=ledger.EntryFilter(keyword_user_ids=range(10_001))),
            ledger.SearchEntriesRequest(filter=ledger.EntryFilter(owners=ledger.EntryOwners(user_ids=range(10_001)))),
        ):
            with pytest.raises(Invalid, match="FIELD_INVALID"):
                await billing.ledger.SearchEntries(wrong)
