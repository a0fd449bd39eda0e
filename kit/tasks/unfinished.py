"""How much work is unfinished, and which request ids are free again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, func, select, text, update

from kit.tasks.model import TaskKind, TaskState
from kit.tasks.tables import UNFINISHED


@dataclass(frozen=True, slots=True)
class UnfinishedCount:
    """Tasks of one kind in one state; `oldest` is the earliest time at which one of them entered the queue."""

    kind: TaskKind
    state: TaskState
    tasks: int
    oldest: datetime | None


class UnfinishedTasks:
    """The unfinished tasks as one transaction sees them."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self._connection = connection
        self._table = table

    def size(self) -> int:
        """Unfinished tasks of all users."""
        return self._count(select(func.count()))

    def size_of(self, user_id: int) -> int:
        """Unfinished tasks of one user."""
        return self._count(select(func.count()).where(self._table.c.user_id == user_id))

    def by_kind(self) -> Sequence[UnfinishedCount]:
        """The tasks of all users, counted by kind and state."""
        columns = self._table.c
        counting = (
            select(columns.kind, columns.state, func.count(), func.min(columns.enqueue_time))
            .where(text(UNFINISHED))
            .group_by(columns.kind, columns.state)
        )
        return [
            UnfinishedCount(TaskKind(kind), TaskState(state), int(tasks), oldest)
            for kind, state, tasks, oldest in self._connection.execute(counting)
        ]

    def free_request_id(self, task_id: str) -> None:
        """Lets the user's request id of this task name another one. The task's own id, unique too, takes its place."""
        table = self._table
        self._connection.execute(update(table).where(table.c.id == task_id).values(request_id=task_id))

    def _count(self, counting: Select[Any]) -> int:
        counted = counting.select_from(self._table).where(text(UNFINISHED))
        return int(self._connection.execute(counted).scalar_one())
