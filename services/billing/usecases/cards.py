"""Making, listing and withdrawing cards."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from kit.clock import Clock
from kit.db.uow import Units
from services.billing.domain.card_lists import CardFilter, CardStats
from services.billing.domain.cards import (
    CODE_BYTES,
    Card,
    CardBatch,
    CardState,
    GenerateCards,
    card_code_of,
)
from services.billing.domain.errors import (
    card_batch_not_found,
    card_not_found,
    card_used,
    concurrent_update,
    package_not_found,
    request_id_reused,
)
from services.billing.domain.limits import check_page, check_text
from services.billing.events import BillingEvents
from services.billing.store.card_pages import CardPages
from services.billing.store.uow import BillingUnit

EXPORT_BATCH = 500
_ATTEMPTS = 3
_WITHDRAWABLE = frozenset({CardState.ACTIVE, CardState.DISABLED})


class CardDesk:
    """What administrators do with cards."""

    def __init__(self, units: Units[BillingUnit], pages: CardPages, events: BillingEvents, clock: Clock) -> None:
        self._units = units
        self._pages = pages
        self._events = events
        self._clock = clock

    async def generate(self, asked: GenerateCards) -> tuple[CardBatch, list[str]]:
        """The batch and the codes of its cards; a request done before is answered as it was then.

        Raises Invalid (FIELD_INVALID, IDEMPOTENCY_KEY_REUSED) and NotFound (PACKAGE_NOT_FOUND).
        """
        asked.check()
        codes = await asyncio.to_thread(_draw, asked.quantity)
        for _ in range(_ATTEMPTS):
            try:
                return await self._units.write(lambda unit: self._generate(unit, asked, codes))
            except IntegrityError:
                # The same request came twice at once, and the other one was faster.
                continue
        raise concurrent_update()

    def _generate(self, unit: BillingUnit, asked: GenerateCards, codes: list[str]) -> tuple[CardBatch, list[str]]:
        known = unit.cards.batch_of_request(asked.request_key)
        if known is not None:
            if known.input_hash != asked.input_hash():
                raise request_id_reused()
            return known.batch, unit.cards.codes_of(known.batch.id)
        package = unit.packages.find(asked.package_key)
        if package is None:
            raise package_not_found()
        now = self._clock.now()
        batch = CardBatch(
            id=0,
            number=asked.number or _number_at(now),
            package_key=package.key,
            package_name=package.terms.display_name,
            credits=package.terms.credits,
            price_fen=package.terms.price_fen,
            quantity=asked.quantity,
            description=asked.description,
            expire_time=None if asked.expires_days is None else now + timedelta(days=asked.expires_days),
            operator_user_id=asked.operator_user_id,
            create_time=now,
        )
        kept = unit.cards.add_batch(batch, codes, request_key=asked.request_key, input_hash=asked.input_hash())
        unit.outbox.add(self._events.cards_generated(kept))
        return kept, codes

    async def page(self, wanted: CardFilter, *, page_size: int, skip: int) -> tuple[list[Card], int]:
        """One page, newest first, and the number of all. Raises Invalid (FIELD_INVALID)."""
        wanted.check()
        check_page(page_size=page_size, skip=skip)
        return await self._pages.page(wanted, self._clock.now(), limit=page_size, offset=skip)

    async def export(self, wanted: CardFilter) -> AsyncIterator[list[Card]]:
        """All of them, newest first, in non-empty lists of at most `EXPORT_BATCH`. Raises Invalid (FIELD_INVALID)."""
        wanted.check()
        now, last_id = self._clock.now(), None
        while cards := await self._pages.after(wanted, now, limit=EXPORT_BATCH, last_id=last_id):
            yield cards
            last_id = cards[-1].id

    async def stats(self) -> CardStats:
        """Of all cards."""
        return await self._pages.stats(self._clock.now())

    def status_time(self) -> datetime:
        """The time at which answers say what a card is."""
        return self._clock.now()

    async def disable_card(self, card_id: int, operator_user_id: int) -> int:
        """Disables one card; answers 1, or 0 when it was disabled before. Raises NotFound and Precondition."""

        def work(unit: BillingUnit) -> int:
            card = _unused(unit.cards.lock(card_id))
            if card.state is CardState.DELETED:
                raise card_not_found()
            if card.state is CardState.DISABLED:
                return 0
            unit.cards.withdraw_all([card.id], CardState.DISABLED)
            unit.outbox.add(self._events.card_disabled(card, operator_user_id))
            return 1

        return await self._units.write(work)

    async def disable_batch(self, number: str, operator_user_id: int) -> int:
        """Disables all active cards of the number; answers how many. Raises NotFound (CARD_BATCH_NOT_FOUND)."""

        def work(unit: BillingUnit) -> int:
            cards = unit.cards.lock_number(number)
            if not cards:
                raise card_batch_not_found()
            active = [card.id for card in cards if card.state is CardState.ACTIVE]
            if active:
                unit.cards.withdraw_all(active, CardState.DISABLED)
                unit.outbox.add(self._events.batch_disabled(number, len(active), operator_user_id))
            return len(active)

        check_text("batch_number", number)
        return await self._units.write(work)

    async def delete(self, card_id: int, operator_user_id: int) -> None:
        """Raises NotFound (CARD_NOT_FOUND) and Precondition (CARD_USED)."""

        def work(unit: BillingUnit) -> None:
            card = _unused(unit.cards.lock(card_id))
            if card.state in _WITHDRAWABLE:
                unit.cards.withdraw_all([card.id], CardState.DELETED)
                unit.outbox.add(self._events.card_deleted(card, operator_user_id))

        await self._units.write(work)


def _unused(card: Card | None) -> Card:
    if card is None:
        raise card_not_found()
    if card.state is CardState.USED:
        raise card_used()
    return card


def _draw(number: int) -> list[str]:
    return [card_code_of(secrets.token_bytes(CODE_BYTES)) for _ in range(number)]


def _number_at(now: datetime) -> str:
    return f"BATCH_{now:%Y%m%d%H%M%S}_{secrets.randbelow(10_000):04}"
