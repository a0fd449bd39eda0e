"""Which events a consumer has applied. Makes delivery at least once have its effect exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite


class Inbox:
    """The inbox of one transaction."""

    def __init__(self, connection: Connection, table: Table, *, now: datetime) -> None:
        self._connection = connection
        self._table = table
        self._now = now

    def first_time(self, consumer: str, event_id: str) -> bool:
        """True exactly once per consumer and event, whatever is delivered twice. Call it before the effect, in
        its transaction."""
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        statement = insert(self._table).on_conflict_do_nothing().returning(self._table.c.event_id)
        added = self._connection.execute(
            statement, {"consumer": consumer, "event_id": event_id, "create_time": self._now}
        )
        return added.first() is not None

    def applied(self, consumer: str, event_ids: Sequence[str]) -> set[str]:
        """Which of the events the consumer has applied. Right only under a lock that whoever applies them takes."""
        seen = select(self._table.c.event_id).where(
            self._table.c.consumer == consumer, self._table.c.event_id.in_(event_ids)
        )
        return set(self._connection.scalars(seen))

    def add_all(self, consumer: str, event_ids: Sequence[str]) -> None:
        """Writes down that the events are applied. Raises IntegrityError when one of them was."""
        if event_ids:
            rows = [{"consumer": consumer, "event_id": event_id, "create_time": self._now} for event_id in event_ids]
            self._connection.execute(self._table.insert(), rows)
