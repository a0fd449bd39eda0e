"""Orders at a provider: one row for each task, counted over all replicas."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, or_, select, text, update

from kit.events.envelope import EventSource
from kit.tasks.machine import TERMINAL
from services.video.domain.provider_orders import RUNNING, OrderState, ProviderOrder, Standing
from services.video.store.tables import PROVIDER_ORDERS, TASKS

_ROW = PROVIDER_ORDERS.c
_TAKES_PLACE = _ROW.state.in_(sorted(state.value for state in RUNNING))


class ProviderOrderRepository:
    """The rows, within one transaction."""

    def __init__(self, connection: Connection, events: EventSource) -> None:
        self._connection = connection
        self._events = events

    def enter(self, task_id: str, *, most: int) -> Standing:
        """The order of a task, made if there is none. A waiting one is admitted when fewer than `most` have a place
        and none has waited longer."""
        self._lock()
        order = self.find(task_id) or self._add(task_id)
        if order.state is not OrderState.WAITING:
            return Standing(order)
        ahead = self._count(_TAKES_PLACE) + self._count(_waits_longer(order))
        if ahead >= most:
            return Standing(order, ahead)
        admitted = self._move(task_id, OrderState.WAITING, OrderState.ADMITTED)
        assert admitted is not None, "the table is locked"
        return Standing(admitted)

    def find(self, task_id: str) -> ProviderOrder | None:
        """The order of a task."""
        row = self._connection.execute(select(PROVIDER_ORDERS).where(_ROW.task_id == task_id)).first()
        return None if row is None else _order(row)

    def send(self, task_id: str) -> ProviderOrder | None:
        """From ADMITTED to SENT; None, as from the others, when the order is in another state."""
        return self._move(task_id, OrderState.ADMITTED, OrderState.SENT, sent_time=self._events.now())

    def take_back(self, task_id: str) -> ProviderOrder | None:
        """From SENT to ADMITTED."""
        return self._move(task_id, OrderState.SENT, OrderState.ADMITTED, sent_time=None)

    def place(self, task_id: str, provider_id: str) -> ProviderOrder | None:
        """From SENT to PLACED."""
        return self._move(task_id, OrderState.SENT, OrderState.PLACED, provider_id=provider_id)

    def end(self, task_id: str) -> ProviderOrder | None:
        """From PLACED to ENDED."""
        return self._move(task_id, OrderState.PLACED, OrderState.ENDED)

    def remove(self, *task_ids: str) -> None:
        """Forgets orders."""
        self._connection.execute(delete(PROVIDER_ORDERS).where(_ROW.task_id.in_(task_ids)))

    def unwanted(self, *, limit: int) -> list[ProviderOrder]:
        """Orders whose task has ended or was deleted."""
        ended = TASKS.c.state.in_(sorted(state.value for state in TERMINAL))
        statement = (
            select(*_ROW)
            .select_from(PROVIDER_ORDERS.outerjoin(TASKS, TASKS.c.id == _ROW.task_id))
            .where(or_(TASKS.c.id.is_(None), ended))
            .order_by(_ROW.create_time)
            .limit(limit)
        )
        return [_order(row) for row in self._connection.execute(statement)]

    def _add(self, task_id: str) -> ProviderOrder:
        now = self._events.now()
        order = ProviderOrder(task_id, OrderState.WAITING, "", now, None)
        row = insert(PROVIDER_ORDERS).values(
            task_id=task_id, state=order.state.value, provider_id="", create_time=now, sent_time=None
        )
        self._connection.execute(row)
        return order

    def _move(self, task_id: str, source: OrderState, target: OrderState, **values: Any) -> ProviderOrder | None:
        statement = (
            update(PROVIDER_ORDERS)
            .where(_ROW.task_id == task_id, _ROW.state == source.value)
            .values(state=target.value, **values)
            .returning(*_ROW)
        )
        row = self._connection.execute(statement).first()
        return None if row is None else _order(row)

    def _count(self, condition: ColumnElement[bool]) -> int:
        statement = select(func.count()).select_from(PROVIDER_ORDERS).where(condition)
        return int(self._connection.execute(statement).scalar_one())

    def _lock(self) -> None:
        """Whoever else wants to count waits for this transaction; on SQLite there is one writer anyway."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text(f"LOCK TABLE {PROVIDER_ORDERS.name} IN SHARE ROW EXCLUSIVE MODE"))


def _waits_longer(order: ProviderOrder) -> ColumnElement[bool]:
    came_earlier = or_(
        _ROW.create_time < order.create_time,
        and_(_ROW.create_time == order.create_time, _ROW.task_id < order.task_id),
    )
    return and_(_ROW.state == OrderState.WAITING.value, came_earlier)


def _order(row: Row[Any]) -> ProviderOrder:
    return ProviderOrder(row.task_id, OrderState(row.state), row.provider_id, row.create_time, row.sent_time)
