"""Adds the newest part of the journal to the tables of sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import BigInteger, Connection, Insert, Select, Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kit.db.lean import LeanQuery
from kit.db.lean_write import LeanWrite
from services.billing.store.journal_sums import by_account, by_entry, by_quarter
from services.billing.store.tables import (
    CHAIN_HEAD,
    CONSUMPTION_TOTALS,
    CREDIT_TOTALS,
    ENTRY_TOTALS,
    POSTINGS,
    STATISTICS_HEAD,
)

_IN_PART = (
    POSTINGS.c.transaction_id > bindparam("after", type_=BigInteger()),
    POSTINGS.c.transaction_id <= bindparam("until", type_=BigInteger()),
)
_HEADS = LeanQuery(select(STATISTICS_HEAD.c.transaction_id, CHAIN_HEAD.c.transaction_id))
_LOCK_HEADS = LeanQuery(
    select(STATISTICS_HEAD.c.transaction_id, CHAIN_HEAD.c.transaction_id).with_for_update(of=STATISTICS_HEAD)
)
_MOVE_HEAD = LeanWrite(update(STATISTICS_HEAD).values(transaction_id=bindparam("until")))


def _added_to(table: Table, sums: Select[Any]) -> Callable[[str], Insert]:
    """Adds the sums to the rows of the same key; makes those that are missing."""

    def statement_for(dialect: str) -> Insert:
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        adding = insert(table).from_select([column.name for column in table.columns], sums)
        return adding.on_conflict_do_update(
            index_elements=list(table.primary_key.columns),
            set_={
                "postings": table.c.postings + adding.excluded.postings,
                "credits": table.c.credits + adding.excluded.credits,
            },
        )

    return statement_for


_ADD = tuple(
    LeanWrite(_added_to(table, sums))
    for table, sums in (
        (CREDIT_TOTALS, by_account(*_IN_PART)),
        (ENTRY_TOTALS, by_entry(*_IN_PART)),
        (CONSUMPTION_TOTALS, by_quarter(*_IN_PART)),
    )
)


class RollupRepository:
    """The tables of sums, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def behind(self) -> int:
        """How many transactions are not summed yet."""
        return _behind(_HEADS.first(self._connection))

    def advance(self, *, limit: int) -> int:
        """Sums the next transactions, at most so many; answers how many."""
        row = _LOCK_HEADS.first(self._connection)
        number = min(limit, _behind(row))
        if not number:
            return 0
        assert row is not None, "the migration made the row"
        after = row[0]
        for add in _ADD:
            add.run(self._connection, after=after, until=after + number)
        _MOVE_HEAD.run(self._connection, until=after + number)
        return number


def _behind(heads: tuple[Any, ...] | None) -> int:
    assert heads is not None, "the migrations made the rows"
    summed, newest = heads
    return int(newest - summed)
