"""What the relay does to the outbox table. Each function is the work of one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, null, or_, select, update

from kit.db.any_of import AnyOf
from kit.db.lean import LeanQuery
from kit.db.lean_write import LeanWrite
from kit.events.bus import StreamStamp
from kit.values import value

# Between the stream and the node in the name of a row.
_NODE_MARK = "@"


@value
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
        self._statements = _statements_of(outbox)

    def claim(
        self, connection: Connection, *, now: datetime, lease_until: datetime, limit: int
    ) -> list[PendingMessage]:
        """Takes unsent rows nobody holds. Never "ids above the last": ids commit out of order."""
        rows = self._statements.claim.returning_rows(connection, now=now, new_lease=lease_until, row_limit=limit)
        return [
            PendingMessage(row_id, subject, bytes(body), orjson.loads(headers), attempts)
            for row_id, subject, body, headers, attempts in rows
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
        if sent:
            self._statements.mark.run(connection, row_ids=sent, now=now)
        if retries:
            rows = [{"row_id": row_id, "retry_time": time} for row_id, time in retries.items()]
            self._statements.postpone.run_many(connection, rows)

    def oldest_unsent(self, connection: Connection) -> datetime | None:
        """Creation time of the row that has waited longest."""
        row = self._statements.oldest.first(connection)
        found: datetime | None = None if row is None else row[0]
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


@dataclass(frozen=True, slots=True)
class _Statements:
    """What every round of a relay asks of its table."""

    claim: LeanWrite
    mark: LeanWrite
    postpone: LeanWrite
    oldest: LeanQuery


@lru_cache(maxsize=32)
def _statements_of(outbox: Table) -> _Statements:
    columns = outbox.c
    is_unsent = columns.sent_time.is_(None)
    free = (
        select(columns.id)
        .where(is_unsent, or_(columns.lease_until.is_(None), columns.lease_until <= bindparam("now")))
        .order_by(columns.create_time, columns.id)
        .limit(bindparam("row_limit"))
        .with_for_update(skip_locked=True)
    )
    claim = (
        update(outbox)
        .where(columns.id.in_(free))
        .values(lease_until=bindparam("new_lease"), attempts=columns.attempts + 1)
        .returning(columns.id, columns.subject, columns.payload, columns.headers, columns.attempts)
    )
    mark = update(outbox).where(AnyOf(columns.id, "row_ids")).values(sent_time=bindparam("now"), lease_until=null())
    postpone = (
        update(outbox).where(columns.id == bindparam("row_id"), is_unsent).values(lease_until=bindparam("retry_time"))
    )
    oldest = select(columns.create_time).where(is_unsent).order_by(columns.create_time).limit(1)
    return _Statements(LeanWrite(claim), LeanWrite(mark), LeanWrite(postpone), LeanQuery(oldest))
