"""Messages to send, written in the transaction of the state they tell about."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Connection, Table

from kit.db.lean_many import LeanInsertMany
from kit.events.envelope import OutboundEvent

# Key in `Connection.info` by which the database knows that a commit has something to relay.
EVENTS_ADDED = "events_added"


class Outbox:
    """The outbox of one transaction."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self._connection = connection
        self._table = table

    def add(self, event: OutboundEvent) -> None:
        """Sends the event if, and only if, the transaction commits."""
        self.add_all([event])

    def add_all(self, events: Sequence[OutboundEvent]) -> None:
        """The same for many events at once."""
        if events:
            _additions_to(self._table).run(self._connection, [_row(event) for event in events])
            self._connection.info[EVENTS_ADDED] = True


def _row(event: OutboundEvent) -> tuple[Any, ...]:
    """The columns of the outbox: not leased, never tried, not sent."""
    headers = orjson.dumps(dict(event.headers)).decode()
    return (event.id, event.subject, event.type, event.body, headers, event.create_time, None, 0, None)


@lru_cache(maxsize=32)
def _additions_to(table: Table) -> LeanInsertMany:
    return LeanInsertMany(tuple(table.columns))
