"""What the relay does to the outbox table. Each function is the work of one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, func, or_, select, update

from kit.events.bus import StreamStamp

# Between the stream and the node in the name of a row.
_NODE_MARK = "@"


@dataclass(frozen=True, slots=True)
class PendingMessage:
    """A claimed row. `attempts` counts this one."""

    id: str
    subject: str
    body: bytes
    headers: Mapping[str, str]
    attempts: int


class OutboxStore:
    """The outbox and stream tables of one service."""

    def __init__(self, outbox: Table, streams: Table) -> None:
        self._outbox = outbox
        self._streams = streams

    def claim(
        self, connection: Connection, *, now: datetime, lease_until: datetime, limit: int
    ) -> list[PendingMessage]:
        """Takes unsent rows nobody holds. Never "ids above the last": ids commit out of order."""
        columns = self._outbox.c
        free = (
            select(columns.id)
            .where(columns.sent_time.is_(None), or_(columns.lease_until.is_(None), columns.lease_until <= now))
            .order_by(columns.create_time, columns.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        claimed = connection.execute(
            update(self._outbox)
            .where(columns.id.in_(free))
            .values(lease_until=lease_until, attempts=columns.attempts + 1)
            .returning(columns.id, columns.subject, columns.payload, columns.headers, columns.attempts)
        )
        return [
            PendingMessage(row.id, row.subject, bytes(row.payload), json.loads(row.headers), row.attempts)
            for row in claimed
        ]

    def settle(
        self,
        connection: Connection,
        *,
        sent: Sequence[str],
        retries: Mapping[str, datetime],
        now: datetime,
    ) -> None:
        """Marks what the broker stored, and when to try the rest again."""
        columns = self._outbox.c
        if sent:
            connection.execute(update(self._outbox).where(columns.id.in_(sent)).values(sent_time=now, lease_until=None))
        if retries:
            connection.execute(
                update(self._outbox)
                .where(columns.id == bindparam("row_id"), columns.sent_time.is_(None))
                .values(lease_until=bindparam("retry_time")),
                [{"row_id": row_id, "retry_time": time} for row_id, time in retries.items()],
            )

    def oldest_unsent(self, connection: Connection) -> datetime | None:
        """Creation time of the row that has waited longest."""
        columns = self._outbox.c
        oldest = connection.execute(select(func.min(columns.create_time)).where(columns.sent_time.is_(None)))
        found: datetime | None = oldest.scalar()
        return found

    def prune(self, connection: Connection, *, prefix: str, sent_before: datetime, limit: int) -> int:
        """Deletes sent rows of the subjects under a prefix. Answers how many."""
        columns = self._outbox.c
        old = (
            select(columns.id)
            .where(columns.sent_time < sent_before, columns.subject.startswith(prefix, autoescape=True))
            .limit(limit)
        )
        return _count(connection.execute(delete(self._outbox).where(columns.id.in_(old))))

    def stamps(self, connection: Connection, stream: str) -> list[StreamStamp]:
        """The stream as each node of the broker last showed it; empty when it was never seen."""
        columns = self._streams.c
        rows = connection.execute(select(columns.name, columns.created, columns.server).where(self._is_of(stream)))
        return [StreamStamp(row.created, row.name.partition(_NODE_MARK)[2], row.server) for row in rows]

    def keep_stamp(self, connection: Connection, stream: str, stamp: StreamStamp) -> None:
        """Replaces what the node last showed, and all that was seen of an older stream of this name."""
        columns = self._streams.c
        name = f"{stream}{_NODE_MARK}{stamp.node}" if stamp.node else stream
        is_replaced = or_(columns.name == name, columns.created != stamp.created)
        connection.execute(delete(self._streams).where(self._is_of(stream), is_replaced))
        connection.execute(self._streams.insert().values(name=name, created=stamp.created, server=stamp.server))

    def _is_of(self, stream: str) -> ColumnElement[bool]:
        name = self._streams.c.name
        return or_(name == stream, name.startswith(stream + _NODE_MARK, autoescape=True))

    def reopen(self, connection: Connection, *, prefix: str, sent_since: datetime) -> int:
        """Makes sent rows unsent again, to be published once more under the same ids. Answers how many."""
        columns = self._outbox.c
        return _count(
            connection.execute(
                update(self._outbox)
                .where(columns.sent_time >= sent_since, columns.subject.startswith(prefix, autoescape=True))
                .values(sent_time=None, lease_until=None, attempts=0)
            )
        )


def _count(result: Any) -> int:
    count: int = result.rowcount
    return count
