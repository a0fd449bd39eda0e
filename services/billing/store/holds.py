"""Holds in the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, literal_column, select, update

from kit.db.lean import LeanQuery
from kit.db.lean_write import LeanWrite, insert_if_absent
from services.billing.domain.holds import Hold, HoldState
from services.billing.store.tables import HOLDS

_COLUMNS = (
    HOLDS.c.id,
    HOLDS.c.request_id,
    HOLDS.c.user_id,
    HOLDS.c.feature_key,
    HOLDS.c.credits,
    HOLDS.c.captured_credits,
    HOLDS.c.state,
    HOLDS.c.create_time,
    HOLDS.c.expire_time,
    HOLDS.c.settle_time,
)
_BY_ID = LeanQuery(select(*_COLUMNS).where(HOLDS.c.id == bindparam("hold_id")))
_BY_REQUEST = LeanQuery(select(*_COLUMNS, HOLDS.c.input_hash).where(HOLDS.c.request_id == bindparam("request_id")))
# Written out, since the partial index serves no statement in which the state is a parameter.
_OPEN: ColumnElement[str] = literal_column(f"'{HoldState.OPEN.value}'")
_DUE = LeanQuery(
    select(HOLDS.c.id)
    .where(HOLDS.c.state == _OPEN, HOLDS.c.expire_time <= bindparam("now"))
    .order_by(HOLDS.c.expire_time)
    .limit(bindparam("limit"))
)
_ADD = LeanWrite(insert_if_absent(HOLDS))
_SETTLE = LeanWrite(
    update(HOLDS)
    .where(HOLDS.c.id == bindparam("hold_id"))
    .values(
        state=bindparam("new_state"),
        captured_credits=bindparam("captured"),
        settle_time=bindparam("settled_at"),
    )
)


def _hold_from_row(row: tuple[Any, ...]) -> Hold:
    hold_id, request_id, user_id, feature_key, credits, captured_credits, state, *times = row[:10]
    create_time, expire_time, settle_time = times
    return Hold(
        id=hold_id,
        request_id=request_id,
        user_id=user_id,
        feature_key=feature_key,
        credits=credits,
        captured_credits=captured_credits,
        state=HoldState(state),
        create_time=create_time,
        expire_time=expire_time,
        settle_time=settle_time,
    )


class HoldRepository:
    """Holds, within one transaction. Changes need the lock of the user's account."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, hold_id: str) -> Hold | None:
        row = _BY_ID.first(self._connection, hold_id=hold_id)
        return None if row is None else _hold_from_row(row)

    def find_by_request(self, request_id: str) -> tuple[Hold, str] | None:
        """The hold, and the hash of what was asked for; the hash of a tombstone is empty."""
        row = _BY_REQUEST.first(self._connection, request_id=request_id)
        return None if row is None else (_hold_from_row(row), row[10])

    def add(self, hold: Hold, *, input_hash: str) -> bool:
        """False when the request has a hold already."""
        added = _ADD.run(
            self._connection,
            id=hold.id,
            request_id=hold.request_id,
            input_hash=input_hash,
            user_id=hold.user_id,
            feature_key=hold.feature_key,
            credits=hold.credits,
            captured_credits=hold.captured_credits,
            state=hold.state.value,
            create_time=hold.create_time,
            expire_time=hold.expire_time,
            settle_time=hold.settle_time,
        )
        return added == 1

    def settle(self, settled: Hold) -> None:
        """Writes how it was settled."""
        _SETTLE.run(
            self._connection,
            hold_id=settled.id,
            new_state=settled.state.value,
            captured=settled.captured_credits,
            settled_at=settled.settle_time,
        )

    def due(self, now: datetime, *, limit: int) -> list[str]:
        """Ids of open holds past their time, the longest overdue first."""
        rows = _DUE.all(self._connection, now=now, limit=limit)
        return [hold_id for (hold_id,) in rows]
