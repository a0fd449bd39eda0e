"""Messages on their way to webhooks, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from kit.db.lean import LeanQuery
from kit.db.lean_write import LeanWrite, insert_if_absent
from services.auth.domain.webhooks import Delivery, DeliveryError, DeliveryState, NewDelivery, WebhookEvent
from services.auth.store.tables import WEBHOOK_DELIVERIES

_TABLE = WEBHOOK_DELIVERIES
_COLUMNS = (
    _TABLE.c.id,
    _TABLE.c.webhook_id,
    _TABLE.c.event,
    _TABLE.c.task_id,
    _TABLE.c.body,
    _TABLE.c.state,
    _TABLE.c.attempts,
    _TABLE.c.status_code,
    _TABLE.c.error,
    _TABLE.c.create_time,
    _TABLE.c.attempt_time,
    _TABLE.c.due_time,
)
_IS_PENDING = _TABLE.c.state == DeliveryState.PENDING.value
_ADD = LeanWrite(insert_if_absent(_TABLE))
_DUE = LeanQuery(
    select(_TABLE.c.due_time)
    .where(_IS_PENDING, _TABLE.c.due_time <= bindparam("now"))
    .order_by(_TABLE.c.due_time)
    .limit(1)
)
_LATEST = LeanQuery(
    select(*_COLUMNS)
    .where(_TABLE.c.webhook_id == bindparam("webhook_id"))
    .order_by(_TABLE.c.create_time.desc(), _TABLE.c.id.desc())
    .limit(bindparam("limit"))
)
# Of one webhook at a time: an address that hangs must not keep all others waiting.
_AT_A_TIME = 4


class DeliveryRepository:
    """Deliveries, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: NewDelivery, now: datetime) -> None:
        """To be sent at once. One that is there stays as it is."""
        _ADD.run(
            self._connection,
            id=new.id,
            webhook_id=new.webhook_id,
            event=new.event.value,
            task_id=new.task_id,
            body=new.body,
            state=DeliveryState.PENDING.value,
            attempts=0,
            status_code=0,
            error=DeliveryError.NOTHING.value,
            create_time=now,
            attempt_time=None,
            due_time=now,
        )

    def oldest_due(self, now: datetime) -> datetime | None:
        """Since when the message has been due that waits longest; None when there is nothing to send."""
        row = _DUE.first(self._connection, now=now)
        return None if row is None else row[0]

    def claim(self, now: datetime, *, until: datetime, limit: int) -> list[Delivery]:
        """Begins an attempt at what is due, the oldest of each webhook first. Whoever dies during an attempt leaves it
        to be made again at `until`."""
        is_due = (_IS_PENDING, _TABLE.c.due_time <= now)
        place = func.row_number().over(partition_by=_TABLE.c.webhook_id, order_by=(_TABLE.c.due_time, _TABLE.c.id))
        queue = select(_TABLE.c.id, _TABLE.c.due_time, place.label("place")).where(*is_due).subquery()
        chosen = (
            select(queue.c.id).where(queue.c.place <= _AT_A_TIME).order_by(queue.c.place, queue.c.due_time).limit(limit)
        )
        # Asked again at the row itself: another worker may have been faster.
        statement = (
            update(_TABLE)
            .where(_TABLE.c.id.in_(chosen), *is_due)
            .values(attempts=_TABLE.c.attempts + 1, attempt_time=now, due_time=until)
            .returning(*_COLUMNS)
        )
        return [_delivery_from_row(row) for row in self._connection.execute(statement)]

    def settle(self, delivery: Delivery) -> None:
        """Writes how its attempt went, unless a later one has begun."""
        self._connection.execute(
            update(_TABLE)
            .where(_TABLE.c.id == delivery.id, _IS_PENDING, _TABLE.c.attempts == delivery.attempts)
            .values(
                state=delivery.state.value,
                status_code=delivery.status_code,
                error=delivery.error.value,
                due_time=delivery.due_time,
            )
        )

    def give_up(self, webhook_id: str) -> None:
        """Ends what is on its way to a webhook."""
        self._connection.execute(
            update(_TABLE)
            .where(_TABLE.c.webhook_id == webhook_id, _IS_PENDING)
            .values(state=DeliveryState.FAILED.value)
        )

    def latest(self, webhook_id: str, *, limit: int) -> list[Delivery]:
        """Newest first."""
        rows = _LATEST.all(self._connection, webhook_id=webhook_id, limit=limit)
        return [_delivery_from_row(row) for row in rows]

    def delete_before(self, time: datetime, *, limit: int) -> int:
        """Deletes at most `limit` that were made before a time; answers how many."""
        old = select(_TABLE.c.id).where(_TABLE.c.create_time < time).limit(limit)
        return self._connection.execute(delete(_TABLE).where(_TABLE.c.id.in_(old))).rowcount


def _delivery_from_row(row: Sequence[Any]) -> Delivery:
    values = list(row)
    values[2], values[5], values[8] = WebhookEvent(values[2]), DeliveryState(values[5]), DeliveryError(values[8])
    return Delivery(*values)
