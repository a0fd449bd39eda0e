"""The task table and the outbox of one transaction: the only code that changes a task's row.

Every change is one conditional update that answers the changed row: it happens from an allowed state or not at
all, however many workers, sweepers and callers try at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, select, update

from kit.errors import Reason, reason_name
from kit.events.envelope import EventSource
from kit.events.outbox import Outbox
from kit.rpc.context import current_call
from kit.tasks import events
from kit.tasks.lanes import LaneOf
from kit.tasks.machine import RULES, Transition, is_terminal
from kit.tasks.model import NewTask, Stage, Task, TaskState
from kit.tasks.rows import add_task, find_task, find_task_of_request, task_columns, task_of
from kit.tasks.traces import in_trace_of


class TaskStore:
    """Rows of one task table, and the messages their changes cause."""

    def __init__(
        self, connection: Connection, table: Table, events: EventSource, outbox: Outbox, *, lane_of: LaneOf
    ) -> None:
        self._connection = connection
        self._table = table
        self._events = events
        self._outbox = outbox
        self.lane_of = lane_of

    @property
    def columns(self) -> Any:
        """The table's columns, for conditions."""
        return self._table.c

    def now(self) -> datetime:
        """The time of this change."""
        return self._events.now()

    def find(self, task_id: str) -> Task | None:
        """The task of an id."""
        return find_task(self._connection, self._table, task_id=task_id)

    def find_by_request(self, user_id: int, request_id: str) -> Task | None:
        """The task that a user's request made."""
        return find_task_of_request(self._connection, self._table, user_id=user_id, request_id=request_id)

    def add(self, new: NewTask) -> None:
        """Records a NEW task, unless its id or its request is there."""
        trace_parent = current_call().trace_parent
        add_task(self._connection, self._table, new=new, now=self.now(), trace_parent=trace_parent)

    def select(self, *conditions: ColumnElement[bool]) -> list[Task]:
        """The tasks that meet the conditions."""
        rows = self._connection.execute(select(*task_columns(self._table)).where(*conditions))
        return [task_of(row) for row in rows]

    def lock(self, *conditions: ColumnElement[bool], limit: int) -> list[Task]:
        """Some tasks that meet the conditions, without those another transaction has in hand."""
        statement = select(*task_columns(self._table)).where(*conditions).limit(limit)
        return [task_of(row) for row in self._connection.execute(statement.with_for_update(skip_locked=True))]

    def by_age(self, state: TaskState, *, limit: int) -> list[Task]:
        """Tasks in a state, the longest waiting first."""
        columns = self._table.c
        statement = select(*task_columns(self._table)).where(columns.state == state.value)
        rows = self._connection.execute(statement.order_by(columns.enqueue_time).limit(limit))
        return [task_of(row) for row in rows]

    def move(self, transition: Transition, *conditions: ColumnElement[bool], **values: Any) -> Task | None:
        """Makes a transition on the one task that meets the conditions. None when its state does not allow it."""
        rule = RULES[transition]
        allowed = self._table.c.state.in_(sorted(state.value for state in rule.sources))
        changes = {"state": rule.target.value, "update_time": self.now(), **values}
        return self._update(allowed, *conditions, changes=changes)

    def change(self, state: TaskState, *conditions: ColumnElement[bool], **values: Any) -> Task | None:
        """Changes values of the one task that is in a state and meets the conditions. None when there is none."""
        return self._update(self._table.c.state == state.value, *conditions, changes=values)

    def amend(self, task_id: str, **values: Any) -> Task | None:
        """Changes values that decide nothing of the one unfinished task of this id. None when there is none."""
        unfinished = sorted(state.value for state in TaskState if not is_terminal(state))
        return self._update(self._table.c.state.in_(unfinished), self._table.c.id == task_id, changes=values)

    def delete(self, task_id: str) -> bool:
        """Removes a row; False when there is none."""
        return self._connection.execute(delete(self._table).where(self._table.c.id == task_id)).rowcount > 0

    def fail(self, reason: Reason, message: str, *conditions: ColumnElement[bool]) -> Task | None:
        """Moves a task to FAILED with its reason, and tells it."""
        task = self.move(
            Transition.FAIL,
            *conditions,
            stage=Stage.FAILED.value,
            error_reason=reason_name(reason),
            error_message=message,
            finish_time=self.now(),
        )
        return self.tell_end(task)

    def tell_end(self, task: Task | None) -> Task | None:
        """Sends the event of a terminal state; passes the task on."""
        if task is not None:
            with in_trace_of(task):
                self._outbox.add(events.ended(self._events, task))
        return task

    def tell_queued(self, task: Task) -> None:
        """Sends the event of an accepted task."""
        self._outbox.add(events.queued(self._events, task))

    def wake(self, task: Task) -> None:
        """Sends a wake-up to the workers."""
        with in_trace_of(task):
            self._outbox.add(events.wakeup(self._events, task, self.lane_of(task)))

    def _update(self, *conditions: ColumnElement[bool], changes: dict[str, Any]) -> Task | None:
        statement = update(self._table).where(*conditions).values(**changes).returning(*task_columns(self._table))
        row = self._connection.execute(statement).first()
        return None if row is None else task_of(row)
