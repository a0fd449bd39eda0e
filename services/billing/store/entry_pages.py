"""Pages of entries: what users see of the journal. Reads outside of the ledger's threads, so that a long list
delays no balance.

An entry is a posting of what a user can spend, explained by its transaction. Counting and paging touch only the
indexes of the side that a filter speaks of, and both sides only when it speaks of both. Either side has an index of
entries alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, FromClause, Row, Select, func, literal_column, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.db.any_of import AnyOf
from kit.db.contains_text import contains_text
from kit.db.database import Database
from kit.db.paging import known_total
from services.billing.domain.codes import code_as_written, is_part_of_code
from services.billing.domain.entry_lists import EntryFilter
from services.billing.domain.journal import (
    ENTRY_TYPES,
    TransactionKind,
    card_of,
    spendable_account,
    user_of,
)
from services.billing.domain.ledger import Entry, EntryType
from services.billing.store.tables import CARDS, IS_ENTRY, IS_SHOWN, POSTINGS, TRANSACTIONS

Conditions: TypeAlias = Sequence[ColumnElement[bool]]

# So many are looked up faster than all entries are compared.
FEW = 1000
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
_IS_SHOWN: ColumnElement[bool] = literal_column(f"({IS_SHOWN})")
_OF_NAMED = AnyOf(POSTINGS.c.account, "accounts")
_NAMED = (
    select(_POSTING_OF)
    .where(_IS_ENTRY, _OF_NAMED)
    .union_all(select(_POSTING_OF).where(_IS_ENTRY, AnyOf(_POSTING_OF, "texts"), not_(_OF_NAMED)))
    .subquery("named")
)


class EntryPages:
    """Lists entries, newest first. Those that have a keyword are looked up when they are not more than `few`."""

    def __init__(self, database: Database, *, few: int = FEW) -> None:
        self._database = database
        self._few = few

    async def page(self, user_id: int, *, only: EntryType | None, limit: int, offset: int) -> tuple[list[Entry], int]:
        """Entries of one user, and how many there are in all."""
        return await self.search(EntryFilter(user_id=user_id, type=only), limit=limit, offset=offset)

    async def search(self, wanted: EntryFilter, *, limit: int, offset: int) -> tuple[list[Entry], int]:
        """Entries of the filter, and how many there are in all."""
        plan, values = _plan(wanted), _values(wanted)
        async with self._database.session() as session:
            connection = await session.connection()
            if wanted.keyword and wanted.keyword_user_ids:
                texts = await _by_text(connection, wanted, limit=self._few + 1)
                if len(texts) <= self._few:
                    plan, values["texts"] = _plan_of_named(wanted), texts
            found = (await connection.scalars(plan.ids().offset(offset).limit(limit), values)).all()
            total = known_total(len(found), limit=limit, offset=offset)
            if total is None:
                total = (await connection.scalars(plan.number(), values)).one()
            return await _entries(connection, found), total


class _Plan(NamedTuple):
    """Where to look, what the ids of the entries are called there, and what must hold."""

    source: FromClause
    entry_id: ColumnElement[int]
    conditions: Conditions = ()

    def ids(self) -> Select[int]:
        """Newest first."""
        chosen = select(self.entry_id).select_from(self.source).where(*self.conditions)
        return chosen.order_by(self.entry_id.desc())

    def number(self) -> Select[int]:
        """Of all of them."""
        return select(func.count()).select_from(self.source).where(*self.conditions)


async def _by_text(connection: AsyncConnection, wanted: EntryFilter, *, limit: int) -> Sequence[int]:
    """The entries that have the keyword themselves, whoever their users are."""
    by_text = replace(wanted, keyword_user_ids=())
    return (await connection.scalars(_plan(by_text).ids().limit(limit), _values(by_text))).all()


def _plan(wanted: EntryFilter) -> _Plan:
    of_postings, of_transactions = _of_postings(wanted), _of_transactions(wanted)
    if not of_transactions:
        return _Plan(POSTINGS, _POSTING_OF, (_IS_ENTRY, *of_postings))
    if not of_postings:
        return _Plan(TRANSACTIONS, _ID, (_IS_SHOWN, *of_transactions))
    both = POSTINGS.join(TRANSACTIONS, _POSTING_OF == _ID)
    return _Plan(both, _ID, (_IS_ENTRY, *of_postings, _IS_SHOWN, *of_transactions))


def _plan_of_named(wanted: EntryFilter) -> _Plan:
    """Looks up the few entries that have the keyword and those of the users who do, in place of comparing all."""
    others = replace(wanted, keyword=None)
    if others == EntryFilter(keyword_user_ids=wanted.keyword_user_ids):
        return _Plan(_NAMED, _NAMED.c.transaction_id)
    source, entry_id, conditions = _plan(others)
    return _Plan(source, entry_id, (*conditions, entry_id.in_(select(_NAMED))))


def _values(wanted: EntryFilter) -> dict[str, Sequence[Any]]:
    return {
        "accounts": [spendable_account(user_id) for user_id in wanted.keyword_user_ids],
        "owners": [spendable_account(user_id) for user_id in wanted.owner_user_ids or ()],
    }


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


def _mentions(keyword: str, user_ids: Sequence[int]) -> ColumnElement[bool]:
    ways = [contains_text(TRANSACTIONS.c.description, keyword)]
    code = code_as_written(keyword)
    if code != keyword.upper() and is_part_of_code(code):
        # The description of an activation has the code of its card.
        ways.append(contains_text(TRANSACTIONS.c.description, code))
    if user_ids:
        ways.append(_ID.in_(select(_POSTING_OF).where(_IS_ENTRY, _OF_NAMED)))
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
