"""Which events a consumer has applied. Makes delivery at least once have its effect exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, Insert, Table, bindparam, select, true
from sqlalchemy.dialects import postgresql, sqlite

from kit.db.any_of import AnyOf, each_of
from kit.db.lean import LeanQuery
from kit.db.lean_many import LeanInsertMany
from kit.db.lean_write import LeanWrite


class Inbox:
    """The inbox of one transaction."""

    def __init__(self, connection: Connection, table: Table, *, now: datetime) -> None:
        self._connection = connection
        self._table = table
        self._now = now

    def first_times(self, consumer: str, event_ids: Sequence[str]) -> set[str]:
        """The events that come for the first time: each exactly once per consumer, whatever is delivered twice. Call it
        before the effect, in its transaction."""
        return set(
            _additions_to(self._table).returning_each(
                self._connection, consumer=consumer, event_ids=event_ids, now=self._now
            )
        )

    def applied(self, consumer: str, event_ids: Sequence[str]) -> set[str]:
        """Which of the events the consumer has applied. Right only under a lock that whoever applies them takes."""
        rows = _applied_in(self._table).all(self._connection, consumer=consumer, event_ids=event_ids)
        return {event_id for (event_id,) in rows}

    def add_all(self, consumer: str, event_ids: Sequence[str]) -> None:
        """Writes down that the events are applied. Raises IntegrityError when one of them was."""
        if event_ids:
            rows = [(consumer, event_id, self._now) for event_id in event_ids]
            _additions_of_new_to(self._table).run(self._connection, rows)


@lru_cache(maxsize=32)
def _applied_in(table: Table) -> LeanQuery:
    is_one = (table.c.consumer == bindparam("consumer"), AnyOf(table.c.event_id, "event_ids"))
    return LeanQuery(select(table.c.event_id).where(*is_one))


@lru_cache(maxsize=32)
def _additions_of_new_to(table: Table) -> LeanInsertMany:
    return LeanInsertMany((table.c.consumer, table.c.event_id, table.c.create_time))


@lru_cache(maxsize=32)
def _additions_to(table: Table) -> LeanWrite:
    def statement_for(dialect: str) -> Insert:
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        events = each_of("event_ids", table.c.event_id.type, dialect)
        # SQLite takes ON CONFLICT for the condition of a join unless something is between.
        rows = select(
            bindparam("consumer", type_=table.c.consumer.type),
            events.c.value,
            bindparam("now", type_=table.c.create_time.type),
        ).where(true())
        adding = insert(table).from_select(["consumer", "event_id", "create_time"], rows)
        return adding.on_conflict_do_nothing().returning(table.c.event_id)

    return LeanWrite(statement_for)
