"""Lists of cards for administrators. Reads outside of the ledger's threads, so that a long list delays no balance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from kit.db.contains_text import contains_text
from kit.db.database import Database
from kit.db.paging import known_total
from services.billing.domain.card_lists import CardFilter, CardStats
from services.billing.domain.cards import Card, CardState, CardStatus
from services.billing.domain.codes import code_as_written, is_part_of_code
from services.billing.store.cards import CARD_COLUMNS, card_from_row
from services.billing.store.tables import CARD_BATCHES, CARDS

_JOINED = CARDS.join(CARD_BATCHES, CARDS.c.batch_id == CARD_BATCHES.c.id)
_IS_THERE = CARDS.c.state != CardState.DELETED.value


class CardPages:
    """Cards that were not deleted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: CardFilter, now: datetime, *, limit: int, offset: int) -> tuple[list[Card], int]:
        """Cards newest first, and how many there are in all."""
        conditions = _conditions(wanted, now)
        number = select(func.count()).select_from(CARDS).where(*conditions)
        async with self._database.session() as session:
            connection = await session.connection()
            rows = (await connection.execute(_newest(conditions, limit=limit, offset=offset))).all()
            total = known_total(len(rows), limit=limit, offset=offset)
            if total is None:
                total = (await connection.execute(number)).scalar_one()
            return [card_from_row(row) for row in rows], total

    async def after(self, wanted: CardFilter, now: datetime, *, limit: int, last_id: int | None) -> list[Card]:
        """The next cards, newest first, behind the one of that id; the first ones when None."""
        conditions = _conditions(wanted, now)
        if last_id is not None:
            conditions.append(CARDS.c.id < last_id)
        async with self._database.session() as session:
            connection = await session.connection()
            return [card_from_row(row) for row in await connection.execute(_newest(conditions, limit=limit, offset=0))]

    async def stats(self, now: datetime) -> CardStats:
        """All cards at once."""
        status = case((and_(_is_active(), _is_expired(now)), CardStatus.EXPIRED.value), else_=CARDS.c.state)
        sums = (func.count(), func.sum(CARD_BATCHES.c.credits), func.sum(CARD_BATCHES.c.price_fen))
        kinds = select(status, *sums).select_from(_JOINED).where(_IS_THERE).group_by(status)
        async with self._database.session() as session:
            connection = await session.connection()
            found = {CardStatus(row[0]): row[1:] for row in await connection.execute(kinds)}
        counts = {each: found[each][0] if each in found else 0 for each in CardStatus}
        _, credits, price_fen = found.get(CardStatus.ACTIVE, (0, 0, 0))
        return CardStats(counts, int(credits), int(price_fen))


def _newest(conditions: Sequence[ColumnElement[bool]], *, limit: int, offset: int) -> Select[Any]:
    """A page of cards. Only these are read with their batches: what a filter matches may be most of all cards."""
    ids = select(CARDS.c.id).where(*conditions).order_by(CARDS.c.id.desc()).offset(offset).limit(limit)
    return select(*CARD_COLUMNS).select_from(_JOINED).where(CARDS.c.id.in_(ids)).order_by(CARDS.c.id.desc())


def _conditions(wanted: CardFilter, now: datetime) -> list[ColumnElement[bool]]:
    """What must hold of cards. Batches are few: they are looked through once, not at every card."""
    conditions: list[ColumnElement[bool]] = [_IS_THERE]
    of_batches = _of_batches(wanted)
    if of_batches:
        conditions.append(_in_batches(*of_batches))
    if wanted.used_by_user_id is not None:
        conditions.append(CARDS.c.used_by_user_id == wanted.used_by_user_id)
    if wanted.keyword:
        conditions.append(_mentions(wanted.keyword))
    if wanted.status is not None:
        conditions += _has_status(wanted.status, now)
    return conditions


def _of_batches(wanted: CardFilter) -> list[ColumnElement[bool]]:
    exact: tuple[tuple[ColumnElement[Any], object], ...] = (
        (CARD_BATCHES.c.number, wanted.batch_number),
        (CARD_BATCHES.c.package_key, wanted.package_key),
        (CARD_BATCHES.c.operator_user_id, wanted.operator_user_id),
    )
    conditions: list[ColumnElement[bool]] = [column == value for column, value in exact if value is not None]
    if wanted.create_time_from is not None:
        conditions.append(CARD_BATCHES.c.create_time >= wanted.create_time_from)
    if wanted.create_time_before is not None:
        conditions.append(CARD_BATCHES.c.create_time < wanted.create_time_before)
    return conditions


def _in_batches(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return CARDS.c.batch_id.in_(select(CARD_BATCHES.c.id).where(*conditions))


def _mentions(keyword: str) -> ColumnElement[bool]:
    is_named = _in_batches(contains_text(CARD_BATCHES.c.number, keyword))
    part = code_as_written(keyword)
    return or_(is_named, contains_text(CARDS.c.code, part)) if is_part_of_code(part) else is_named


def _has_status(status: CardStatus, now: datetime) -> list[ColumnElement[bool]]:
    match status:
        case CardStatus.ACTIVE:
            return [_is_active(), _in_batches(or_(CARD_BATCHES.c.expire_time.is_(None), ~_is_expired(now)))]
        case CardStatus.EXPIRED:
            return [_is_active(), _in_batches(_is_expired(now))]
        case CardStatus.USED | CardStatus.DISABLED:
            return [CARDS.c.state == status.value]


def _is_active() -> ColumnElement[bool]:
    return CARDS.c.state == CardState.ACTIVE.value


def _is_expired(now: datetime) -> ColumnElement[bool]:
    return CARD_BATCHES.c.expire_time <= now
