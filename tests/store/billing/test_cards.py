"""Cards from their making to their end, on both engines."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from kit.errors import Conflict, Invalid, NotFound, Precondition
from kit.events.envelope import EventSource
from kit.ids import RandomIds
from services.billing.domain.card_lists import CardFilter
from services.billing.domain.cards import (
    Card,
    CardBatch,
    CardStatus,
    GenerateCards,
    RedeemCard,
    Redemption,
)
from services.billing.domain.ledger import EntryType
from services.billing.events import BillingEvents
from services.billing.store.card_pages import CardPages
from services.billing.usecases.cards import CardDesk
from tests.store.billing.conftest import USER, Billing, ledger_writer, perform_one, reservation
from tests.store.billing.test_verification import findings, tamper

ADMIN = 1
DAY_S = 24 * 3600


class Cards:
    """What can be done with cards, one thing at a time; a refusal is raised."""

    def __init__(self, billing: Billing) -> None:
        events = BillingEvents(EventSource("billing", billing.ids, billing.clock))
        self.desk = CardDesk(billing.units, CardPages(billing.database), events, billing.clock)
        self._writer = billing.writer

    async def generate(self, quantity: int = 1, request_id: str = "g-1", number: str = "B-1") -> list[str]:
        return (await self.batch(quantity, request_id, number))[1]

    async def batch(self, quantity: int, request_id: str, number: str) -> tuple[CardBatch, list[str]]:
        return await self.desk.generate(generation(quantity, request_id, number))

    async def redeem(self, code: str, request_id: str = "r-1", user_id: int = USER) -> Redemption:
        command = RedeemCard(request_id, user_id, code)
        return await perform_one(self._writer, Redemption, command)

    async def all(self, wanted: CardFilter | None = None) -> list[Card]:
        return [card async for cards in self.desk.export(wanted or CardFilter()) for card in cards]

    async def codes(self, wanted: CardFilter) -> list[str]:
        """As the list and the export agree on."""
        page, total = await self.desk.page(wanted, page_size=100, skip=0)
        assert page == await self.all(wanted)
        assert total == len(page)
        return [card.code for card in page]


def generation(quantity: int, request_id: str = "g-1", number: str = "B-1") -> GenerateCards:
    """A batch of thirty yuan cards for a year."""
    return GenerateCards(request_id, ADMIN, "recharge_30", quantity, number, "新年活动卡密", 365)


@pytest.fixture
def cards(billing: Billing) -> Cards:
    return Cards(billing)


async def test_a_batch_of_ten_thousand_is_made_once(billing: Billing, cards: Cards) -> None:
    batch, codes = await cards.batch(10_000, "g-1", "B-1")
    assert len(set(codes)) == 10_000
    assert (batch.package_name, batch.credits, batch.price_fen, batch.quantity) == ("30元充值", 3100, 3000, 10_000)
    assert await cards.batch(10_000, "g-1", "B-1") == (batch, codes)
    with pytest.raises(Invalid, match="IDEMPOTENCY_KEY_REUSED"):
        await cards.batch(9_999, "g-1", "B-1")
    assert sorted(card.code for card in await cards.all()) == sorted(codes)
    assert await billing.event_subjects() == ["evt.billing.cards.generated"]


async def test_one_request_for_a_batch_many_times_at_once_makes_one(billing: Billing, cards: Cards) -> None:
    made = await asyncio.gather(*[cards.generate(5) for _ in range(10)])
    assert len({tuple(codes) for codes in made}) == 1
    assert len(await cards.all()) == 5


async def test_a_batch_without_a_number_gets_one_and_without_days_never_expires(cards: Cards) -> None:
    batch, _ = await cards.desk.generate(replace(generation(1), number="", expires_days=None))
    assert batch.number.startswith("BATCH_2")
    assert batch.expire_time is None


async def test_cards_are_of_a_package_that_exists(cards: Cards) -> None:
    with pytest.raises(NotFound, match="PACKAGE_NOT_FOUND"):
        await cards.desk.generate(replace(generation(1), package_key="nothing"))


async def test_a_card_is_redeemed_once(billing: Billing, cards: Cards, database_url: str) -> None:
    first, second = await cards.generate(2)
    redeemed = await cards.redeem(first)
    assert (redeemed.entry.type, redeemed.entry.credits) == (EntryType.CARD_ACTIVATION, 3100)
    assert (redeemed.entry.balance_after, redeemed.entry.card_code) == (3100, first)
    assert await billing.entries() == [redeemed.entry]
    assert await cards.redeem(first) == redeemed
    with pytest.raises(Precondition, match="CARD_USED"):
        await cards.redeem(first, "r-2")
    with pytest.raises(Precondition, match="CARD_USED"):
        await cards.redeem(first, user_id=8)
    with pytest.raises(Invalid, match="IDEMPOTENCY_KEY_REUSED"):
        await cards.redeem(second)
    (used,) = await cards.all(CardFilter(used_by_user_id=USER))
    assert (used.code, used.use_time, used.status(billing.clock.now())) == (first, billing.clock.now(), CardStatus.USED)
    assert (await billing.balance()).available == 3100
    assert await billing.event_subjects() == ["evt.billing.card.redeemed", "evt.billing.cards.generated"]
    assert findings(database_url) == []


async def test_entries_of_other_kinds_have_no_code(billing: Billing, cards: Cards) -> None:
    (code,) = await cards.generate()
    await cards.redeem(code)
    await billing.holds.reserve(reservation("t-1", 10))
    await billing.recharge(5)
    assert [entry.card_code for entry in await billing.entries()] == [code, None, None]


async def test_an_expired_card_is_refused_but_a_repeat_is_not(billing: Billing, cards: Cards) -> None:
    early, late = await cards.generate(2)
    redeemed = await cards.redeem(early)
    billing.clock.advance(365 * DAY_S)
    with pytest.raises(Precondition, match="CARD_EXPIRED"):
        await cards.redeem(late, "r-2")
    assert await cards.redeem(early) == redeemed
    assert await cards.codes(CardFilter(status=CardStatus.EXPIRED)) == [late]
    assert await cards.codes(CardFilter(status=CardStatus.ACTIVE)) == []


async def test_disabling_a_batch_leaves_what_was_used(billing: Billing, cards: Cards, database_url: str) -> None:
    used, unused = await cards.generate(2)
    (other,) = await cards.generate(1, "g-2", "B-2")
    await cards.redeem(used)
    assert await cards.desk.disable_batch("B-1", ADMIN) == 1
    assert await cards.desk.disable_batch("B-1", ADMIN) == 0
    with pytest.raises(Precondition, match="CARD_DISABLED"):
        await cards.redeem(unused, "r-2")
    await cards.redeem(other, "r-3")
    with pytest.raises(NotFound, match="CARD_BATCH_NOT_FOUND"):
        await cards.desk.disable_batch("B-3", ADMIN)
    assert await cards.codes(CardFilter(status=CardStatus.DISABLED)) == [unused]
    assert (await billing.event_subjects()).count("evt.billing.cards.disabled") == 1
    assert findings(database_url) == []


async def test_one_card_is_disabled_or_deleted_unless_it_was_used(billing: Billing, cards: Cards) -> None:
    await cards.generate(3)
    third, second, first = await cards.all()
    await cards.redeem(first.code)
    for withdraw in (cards.desk.disable_card, cards.desk.delete):
        with pytest.raises(Precondition, match="CARD_USED"):
            await withdraw(first.id, ADMIN)
        with pytest.raises(NotFound, match="CARD_NOT_FOUND"):
            await withdraw(999, ADMIN)
    assert [await cards.desk.disable_card(second.id, ADMIN) for _ in range(2)] == [1, 0]
    for card in (second, third):
        for _ in range(2):
            await cards.desk.delete(card.id, ADMIN)
        with pytest.raises(NotFound, match="CARD_NOT_FOUND"):
            await cards.redeem(card.code, "r-2")
        with pytest.raises(NotFound, match="CARD_NOT_FOUND"):
            await cards.desk.disable_card(card.id, ADMIN)
    assert [card.code for card in await cards.all()] == [first.code]
    assert len(await cards.generate(3)) == 3
    assert (await billing.event_subjects()).count("evt.billing.card.deleted") == 2


async def test_lists_keep_to_their_filters(billing: Billing, cards: Cards) -> None:
    start = billing.clock.now()
    one, two, three = await cards.generate(3, "g-1", "SPRING_100%")
    billing.clock.advance(DAY_S)
    between = billing.clock.now()
    other = replace(generation(1, "g-2", "autumn"), package_key="recharge_6", operator_user_id=2)
    _, (four,) = await cards.desk.generate(other)
    await cards.redeem(two)
    for wanted, codes in (
        (CardFilter(), [four, three, two, one]),
        (CardFilter(status=CardStatus.USED), [two]),
        (CardFilter(status=CardStatus.ACTIVE, batch_number="SPRING_100%"), [three, one]),
        (CardFilter(package_key="recharge_6"), [four]),
        (CardFilter(operator_user_id=2), [four]),
        (CardFilter(used_by_user_id=USER), [two]),
        (CardFilter(keyword=one[2:14].lower()), [one]),
        (CardFilter(keyword=f"{one[:4]}-{one[4:]}"), [one]),
        (CardFilter(keyword=" "), []),
        (CardFilter(keyword="AUTUMN"), [four]),
        (CardFilter(keyword="g_100%"), [three, two, one]),
        (CardFilter(keyword="g%100"), []),
        (CardFilter(create_time_from=between), [four]),
        (CardFilter(create_time_from=start, create_time_before=between), [three, two, one]),
    ):
        assert await cards.codes(wanted) == codes, wanted
    page, total = await cards.desk.page(CardFilter(), page_size=2, skip=1)
    assert ([card.code for card in page], total) == ([three, two], 4)
    for size, skip, wanted in ((101, 0, CardFilter()), (0, 0, CardFilter()), (1, -1, CardFilter())):
        with pytest.raises(Invalid, match="FIELD_INVALID"):
            await cards.desk.page(wanted, page_size=size, skip=skip)
    with pytest.raises(Invalid, match="FIELD_INVALID"):
        await cards.all(CardFilter(keyword="\0"))


async def test_an_export_has_every_card_once(cards: Cards) -> None:
    codes = await cards.generate(1203)
    lengths = [len(part) async for part in cards.desk.export(CardFilter())]
    assert lengths == [500, 500, 203]
    assert [card.code for card in await cards.all()] == codes[::-1]


async def test_the_statistics_count_each_card_once(billing: Billing, cards: Cards) -> None:
    empty = await cards.desk.stats()
    assert (sum(empty.counts.values()), empty.active_credits, empty.active_price_fen) == (0, 0, 0)
    codes = await cards.generate(5)
    await cards.redeem(codes[0])
    last, before, *_ = await cards.all()
    await cards.desk.disable_card(last.id, ADMIN)
    await cards.desk.delete(before.id, ADMIN)
    stats = await cards.desk.stats()
    assert stats.counts == {
        CardStatus.ACTIVE: 2,
        CardStatus.USED: 1,
        CardStatus.EXPIRED: 0,
        CardStatus.DISABLED: 1,
    }
    assert (stats.active_credits, stats.active_price_fen) == (6200, 6000)
    billing.clock.advance(365 * DAY_S)
    later = await cards.desk.stats()
    assert (later.counts[CardStatus.EXPIRED], later.counts[CardStatus.ACTIVE], later.active_credits) == (2, 0, 0)


async def test_rival_replicas_redeem_a_card_once(billing: Billing, database_url: str) -> None:
    """Several writers, as several replicas have them, each asked for all cards in another order."""
    desks = [Cards(replace(billing, writer=ledger_writer(billing.units, billing.clock, RandomIds()))) for _ in range(4)]
    codes = await desks[0].generate(10)
    attempts = [
        desk.redeem(code, f"{code}-{number}", user_id=10 + number)
        for number, desk in enumerate(desks)
        for code in (codes if number % 2 else codes[::-1])
    ]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert Counter(map(type, results)) == {Redemption: 10, Precondition: 30}
    assert sum([(await billing.balance(10 + number)).available for number in range(4)]) == 31_000
    assert findings(database_url) == []


async def test_redeeming_races_withdrawing_and_one_wins(billing: Billing, cards: Cards, database_url: str) -> None:
    codes = await cards.generate(30)
    races = [
        *(cards.redeem(code, code) for code in codes),
        cards.desk.disable_batch("B-1", ADMIN),
        *(cards.desk.delete(card.id, ADMIN) for card in (await cards.all())[:5]),
    ]
    results: Sequence[object] = await asyncio.gather(*races, return_exceptions=True)
    assert not any(isinstance(result, Conflict) for result in results)
    redeemed = sum(isinstance(result, Redemption) for result in results)
    assert len(await cards.all(CardFilter(status=CardStatus.USED))) == redeemed
    assert (await billing.balance()).available == 3100 * redeemed
    assert findings(database_url) == []


async def test_the_database_refuses_a_used_card_without_a_user(billing: Billing, cards: Cards) -> None:
    await cards.generate()
    with pytest.raises(IntegrityError):
        await billing.database.write(lambda connection: connection.execute(text("UPDATE cards SET state = 'used'")))


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "UPDATE cards SET state = 'active', used_by_user_id = NULL, use_time = NULL, redeem_key = NULL "
            "WHERE state = 'used'",
            "card 1: is active, but transaction 2 redeemed it",
        ),
        (
            "UPDATE cards SET state = 'used', used_by_user_id = 7, redeem_key = '7:x', "
            "use_time = (SELECT MIN(create_time) FROM transactions) WHERE id = 2",
            "card 2: is used, but no transaction redeems it",
        ),
        ("UPDATE cards SET used_by_user_id = 8 WHERE id = 1", "card 1: its user or its credits"),
        ("UPDATE card_batches SET credits = 5", "card 1: its user or its credits"),
        ("UPDATE cards SET code = 'AAAAAAAAAAAAAAAA' WHERE id = 1", "card 1: its code or its request"),
        ("UPDATE cards SET redeem_key = '7:r-9' WHERE id = 1", "card 1: its code or its request"),
        (
            "UPDATE cards SET use_time = (SELECT MIN(create_time) FROM transactions) WHERE id = 1",
            "card 1: was not used at the time",
        ),
        ("DELETE FROM cards WHERE id = 1", "transaction 2: claims request card:1, which is that of no card"),
        ("UPDATE transactions SET request_key = 'card:2' WHERE id = 2", "card 2: is active, but transaction 2"),
        ("UPDATE transactions SET request_key = 'card:2' WHERE id = 2", "card 1: is used, but no transaction"),
        ("UPDATE transactions SET request_key = 'gift' WHERE id = 2", "transaction 2: claims request gift"),
    ],
)
async def test_cards_that_were_tampered_with_are_named(
    billing: Billing, cards: Cards, database_url: str, statement: str, found: str
) -> None:
    await billing.recharge(5, user_id=8)
    billing.clock.advance(1)
    first, _ = await cards.generate(2)
    await cards.redeem(first)
    assert findings(database_url) == []
    tamper(database_url, statement)
    lines = findings(database_url)
    assert any(line.startswith(found) for line in lines), lines
