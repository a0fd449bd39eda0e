"""Holds in the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, literal_column, select

from kit.db.any_of import AnyOf
from kit.db.lean import LeanQuery
from kit.db.lean_many import LeanInsertMany, LeanUpdateMany
from services.billing.domain.errors import concurrent_update
from services.billing.domain.holds import Hold, HoldState
from services.billing.store.tables import HOLDS

_COLUMNS = (
    HOLDS.c.id,
    HOLDS.c.request_id,
    HOLDS.c.input_hash,
    HOLDS.c.user_id,
    HOLDS.c.feature_key,
    HOLDS.c.credits,
    HOLDS.c.captured_credits,
    HOLDS.c.state,
    HOLDS.c.create_time,
    HOLDS.c.expire_time,
    HOLDS.c.settle_time,
)
# Two statements, since SQLite reads the whole table for one with OR.
_BY_ID = LeanQuery(select(*_COLUMNS).where(AnyOf(HOLDS.c.id, "hold_ids")))
_BY_REQUEST = LeanQuery(select(*_COLUMNS).where(AnyOf(HOLDS.c.request_id, "request_ids")))
# Written out, since the partial index serves no statement in which the state is a parameter.
_OPEN: ColumnElement[str] = literal_column(f"'{HoldState.OPEN.value}'")
_DUE = LeanQuery(
    select(HOLDS.c.id)
    .where(HOLDS.c.state == _OPEN, HOLDS.c.expire_time <= bindparam("now"))
    .order_by(HOLDS.c.expire_time)
    .limit(bindparam("limit"))
)
_ADD = LeanInsertMany(_COLUMNS)
_values_of = attrgetter(
    "id",
    "request_id",
    "input_hash",
    "user_id",
    "feature_key",
    "credits",
    "captured_credits",
    "state.value",
    "create_time",
    "expire_time",
    "settle_time",
)
_SETTLE = LeanUpdateMany(
    HOLDS,
    keys={"hold_id": HOLDS.c.id},
    values={
        "new_state": HOLDS.c.state,
        "captured": HOLDS.c.captured_credits,
        "settled_at": HOLDS.c.settle_time,
    },
    only=[HOLDS.c.state == _OPEN],
)


def _hold_from_row(row: tuple[Any, ...]) -> Hold:
    hold_id, request_id, input_hash, user_id, feature_key, credits, captured_credits, state, *times = row
    create_time, expire_time, settle_time = times
    return Hold(
        id=hold_id,
        request_id=request_id,
        input_hash=input_hash,
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
    """Holds, within one transaction. Changes need the lock of the head of the chain."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, *, hold_ids: Sequence[str] = (), request_ids: Sequence[str] = ()) -> list[Hold]:
        """Those with one of the ids, and those made by one of the requests; one that is both comes twice."""
        return self.ask(hold_ids=hold_ids, request_ids=request_ids)()

    def ask(self, *, hold_ids: Sequence[str] = (), request_ids: Sequence[str] = ()) -> Callable[[], list[Hold]]:
        """The same, waited for when called."""
        asked = [_BY_ID.ask(self._connection, hold_ids=hold_ids)] if hold_ids else []
        if request_ids:
            asked.append(_BY_REQUEST.ask(self._connection, request_ids=request_ids))
        return lambda: [_hold_from_row(row) for rows in asked for row in rows()]

    def add_all(self, holds: Iterable[Hold]) -> None:
        """Raises IntegrityError when one of the requests has a hold already."""
        _ADD.run(self._connection, [_values_of(hold) for hold in holds])

    def settle_all(self, settled: Sequence[Hold]) -> None:
        """Writes how open holds were settled. Raises Conflict when one was settled meanwhile."""
        rows = [
            {
                "hold_id": hold.id,
                "new_state": hold.state.value,
                "captured": hold.captured_credits,
                "settled_at": hold.settle_time,
            }
            for hold in settled
        ]
        _SETTLE.run(self._connection, rows, otherwise=concurrent_update)

    def due(self, now: datetime, *, limit: int) -> list[str]:
        """Ids of open holds past their time, the longest overdue first."""
        rows = _DUE.all(self._connection, now=now, limit=limit)
        return [hold_id for (hold_id,) in rows]
