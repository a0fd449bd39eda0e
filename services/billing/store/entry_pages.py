"""Pages of entries: what users see of the journal. Reads outside of the ledger's threads, so that a long list
delays no balance.

An entry is a posting of what a user can spend, explained by its transaction. Counting and paging touch only the
indexes of the side that a filter speaks of, and both sides only when it speaks of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, Select, func, literal, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.db.any_of import AnyOf
from kit.db.contains_text import contains_text
from kit.db.database import Database
from kit.db.paging import known_total
from services.billing.domain.codes import code_as_written, is_part_of_code
from services.billing.domain.entry_lists import EntryFilter
from services.billing.domain.journal import (
    ENTRY_TYPES,
    SOMETIMES_SHOWN,
    TransactionKind,
    card_of,
    settle_key,
    spendable_account,
    user_of,
)
from services.billing.domain.ledger import Entry, EntryType
from services.billing.store.tables import CARDS, HOLDS, IS_ENTRY, IS_PARTLY_CAPTURED, POSTINGS, TRANSACTIONS

_ID = TRANSACTIONS.c.id
_POSTING_OF = POSTINGS.c.transaction_id
_ENTRY_COLUMNS = (
    TRANSACTIONS.c.id,
    POSTINGS.c.account,
    TRANSACTIONS.c.kind,
    TRANSACTIONS.c.request_key,
    POSTINGS.c.credits,
    POSTINGS.c.balance_after,
    TRANSACTIONS.c.feature_key,
    TRANSACTIONS.c.description,
    TRANSACTIONS.c.operator_user_id,
    TRANSACTIONS.c.hold_id,
    TRANSACTIONS.c.create_time,
)
_IS_ENTRY: ColumnElement[bool] = literal_column(IS_ENTRY)
_IS_PARTLY_CAPTURED: ColumnElement[bool] = literal_column(IS_PARTLY_CAPTURED)


class EntryPages:
    """Lists entries, newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, user_id: int, *, only: EntryType | None, limit: int, offset: int) -> tuple[list[Entry], int]:
        """Entries of one user, and how many there are in all."""
        return await self.search(EntryFilter(user_id=user_id, type=only), limit=limit, offset=offset)

    async def search(self, wanted: EntryFilter, *, limit: int, offset: int) -> tuple[list[Entry], int]:
        """Entries of the filter, and how many there are in all."""
        source, entry_id, conditions = _plan(wanted)
        values = {
            "accounts": [spendable_account(user_id) for user_id in wanted.keyword_user_ids],
            "owners": [spendable_account(user_id) for user_id in wanted.owner_user_ids or ()],
        }
        number = select(func.count()).select_from(source).where(*conditions)
        ids = select(entry_id).select_from(source).where(*conditions).order_by(entry_id.desc())
        async with self._database.session() as session:
            connection = await session.connection()
            found = (await connection.scalars(ids.offset(offset).limit(limit), values)).all()
            total = known_total(len(found), limit=limit, offset=offset)
            if total is None:
                total = (await connection.scalars(number, values)).one()
            return await _entries(connection, found), total


def _plan(wanted: EntryFilter) -> tuple[FromClause, ColumnElement[int], list[ColumnElement[bool]]]:
    """Where to look, what the ids of the entries are called there, and what must hold."""
    of_postings, of_transactions = _of_postings(wanted), _of_transactions(wanted)
    if not of_transactions:
        return POSTINGS, _POSTING_OF, [_IS_ENTRY, *of_postings]
    if not of_postings:
        return TRANSACTIONS, _ID, [*of_transactions, *_shown(wanted)]
    both = POSTINGS.join(TRANSACTIONS, _POSTING_OF == _ID)
    return both, _ID, [_IS_ENTRY, *of_postings, *of_transactions]


def _of_postings(wanted: EntryFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.user_id is not None:
        conditions.append(POSTINGS.c.account == spendable_account(wanted.user_id))
    if wanted.owner_user_ids is not None:
        conditions.append(AnyOf(POSTINGS.c.account, "owners"))
    if wanted.credits_min is not None:
        conditions.append(POSTINGS.c.credits >= wanted.credits_min)
    if wanted.credits_max is not None:
        conditions.append(POSTINGS.c.credits <= wanted.credits_max)
    return conditions


def _of_transactions(wanted: EntryFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.type is not None:
        conditions.append(TRANSACTIONS.c.kind.in_([kind.value for kind in _kinds(wanted.type)]))
    if wanted.create_time_from is not None:
        conditions.append(TRANSACTIONS.c.create_time >= wanted.create_time_from)
    if wanted.create_time_before is not None:
        conditions.append(TRANSACTIONS.c.create_time < wanted.create_time_before)
    if wanted.keyword:
        conditions.append(_mentions(wanted.keyword, wanted.keyword_user_ids))
    return conditions


def _kinds(only: EntryType) -> list[TransactionKind]:
    return [kind for kind, shown_as in ENTRY_TYPES.items() if shown_as is only]


def _shown(wanted: EntryFilter) -> list[ColumnElement[bool]]:
    """Leaves out the captures that changed nothing a user can spend. The others are few, and their holds tell them."""
    if wanted.type is not None and SOMETIMES_SHOWN.isdisjoint(_kinds(wanted.type)):
        return []
    settling = TRANSACTIONS.alias()
    # One by one, since PostgreSQL takes them for many and would join them with the whole journal.
    settled_by = select(settling.c.id).where(settling.c.request_key == literal(settle_key("")).concat(HOLDS.c.id))
    partly_captured = select(settled_by.correlate(HOLDS).scalar_subquery()).where(_IS_PARTLY_CAPTURED)
    kinds = [kind.value for kind in SOMETIMES_SHOWN]
    return [or_(TRANSACTIONS.c.kind.not_in(kinds), _ID.in_(partly_captured.select_from(HOLDS)))]


def _mentions(keyword: str, user_ids: Sequence[int]) -> ColumnElement[bool]:
    ways = [contains_text(TRANSACTIONS.c.description, keyword)]
    code = code_as_written(keyword)
    if code != keyword.upper() and is_part_of_code(code):
        # The description of an activation has the code of its card.
        ways.append(contains_text(TRANSACTIONS.c.description, code))
    if user_ids:
        ways.append(_ID.in_(select(_POSTING_OF).where(_IS_ENTRY, AnyOf(POSTINGS.c.account, "accounts"))))
    return or_(*ways)


async def _entries(connection: AsyncConnection, ids: Sequence[int]) -> list[Entry]:
    """The entries of these transactions, newest first."""
    if not ids:
        return []
    explained: Select[Any] = select(*_ENTRY_COLUMNS).where(_POSTING_OF == _ID, _POSTING_OF.in_(ids), _IS_ENTRY)
    rows = (await connection.execute(explained.order_by(_ID.desc()))).all()
    codes = await _codes(connection, [row.request_key for row in rows])
    return [_entry_from_row(row, codes) for row in rows]


async def _codes(connection: AsyncConnection, request_keys: Iterable[str]) -> dict[int, str]:
    """The codes of the cards that were redeemed under these request keys, by the cards' ids."""
    card_ids = [card_id for key in request_keys if (card_id := card_of(key)) is not None]
    if not card_ids:
        return {}
    found = await connection.execute(select(CARDS.c.id, CARDS.c.code).where(CARDS.c.id.in_(card_ids)))
    return {row.id: row.code for row in found}


def _entry_from_row(row: Row[Any], codes: Mapping[int, str]) -> Entry:
    user_id = user_of(row.account)
    assert user_id is not None, "entries are postings of users"
    return Entry(
        id=row.id,
        user_id=user_id,
        type=ENTRY_TYPES[TransactionKind(row.kind)],
        credits=row.credits,
        balance_before=row.balance_after - row.credits,
        balance_after=row.balance_after,
        feature_key=row.feature_key,
        description=row.description,
        operator_user_id=row.operator_user_id,
        hold_id=row.hold_id,
        create_time=row.create_time,
        card_code=codes.get(card_of(row.request_key) or 0),
    )
