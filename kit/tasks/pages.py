"""Lists of tasks and what is counted over them. Reads outside of the hot reader's thread, so that a long list delays
nobody who polls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, func, or_, select

from kit.db.database import Database
from kit.tasks.model import Task, TaskKind, TaskState
from kit.tasks.rows import task_columns, task_of


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks are meant. What is empty or None excludes nothing."""

    user_id: int | None = None
    kinds: tuple[TaskKind, ...] = ()
    states: tuple[TaskState, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskPlace:
    """Where a task stands in a list: newest first, then by id from the greatest down."""

    create_time: datetime
    task_id: str


class TaskPages:
    """Reads of one task table. Each method sees one state of it."""

    def __init__(self, database: Database, table: Table) -> None:
        self._database = database
        self._table = table

    async def page(
        self, wanted: TaskFilter, *, limit: int, skip: int = 0, begin: TaskPlace | None = None
    ) -> tuple[list[Task], int]:
        """Tasks in order, from a place on when one is given, and how many there are in all."""
        columns = self._table.c
        conditions = self._conditions(wanted)
        rows = select(*task_columns(self._table)).where(*conditions)
        if begin is not None:
            rows = rows.where(or_(columns.create_time < begin.create_time, self._is_level_or_behind(begin)))
        number = select(func.count()).select_from(self._table).where(*conditions)
        async with self._database.session() as session:
            connection = await session.connection()
            total = (await connection.execute(number)).scalar_one()
            found = await connection.execute(self._in_order(rows).offset(skip).limit(limit))
            return [task_of(row) for row in found], total

    async def place_at(self, wanted: TaskFilter, position: int) -> TaskPlace | None:
        """The place of the task at a position from 0; None behind the end."""
        columns = self._table.c
        keys = select(columns.create_time, columns.id).where(*self._conditions(wanted))
        found = await self._rows(self._in_order(keys).offset(position).limit(1))
        return TaskPlace(*found[0]) if found else None

    async def count_before(self, wanted: TaskFilter, place: TaskPlace) -> int:
        """How many tasks stand before a place, whether or not one stands there."""
        columns = self._table.c
        is_newer = columns.create_time > place.create_time
        is_before = and_(columns.create_time == place.create_time, columns.id > place.task_id)
        number = select(func.count()).select_from(self._table).where(*self._conditions(wanted))
        found = await self._rows(number.where(or_(is_newer, is_before)))
        return int(found[0][0])

    async def counts(self, wanted: TaskFilter) -> dict[tuple[TaskKind, TaskState], int]:
        """How many there are of each kind in each state."""
        columns = self._table.c
        kinds = select(columns.kind, columns.state, func.count()).where(*self._conditions(wanted))
        found = await self._rows(kinds.group_by(columns.kind, columns.state))
        return {(TaskKind(kind), TaskState(state)): size for kind, state, size in found}

    async def users(self, *, after_user_id: int | None, limit: int) -> list[tuple[int, datetime]]:
        """Users who have tasks, by id, with the time of each one's latest task."""
        columns = self._table.c
        latest = select(columns.user_id, func.max(columns.create_time, type_=columns.create_time.type))
        if after_user_id is not None:
            latest = latest.where(columns.user_id > after_user_id)
        found = await self._rows(latest.group_by(columns.user_id).order_by(columns.user_id).limit(limit))
        return [(user_id, last) for user_id, last in found]

    async def _rows(self, statement: Select[Any]) -> list[Sequence[Any]]:
        async with self._database.session() as session:
            connection = await session.connection()
            return [tuple(row) for row in await connection.execute(statement)]

    def _in_order(self, statement: Select[Any]) -> Select[Any]:
        return statement.order_by(self._table.c.create_time.desc(), self._table.c.id.desc())

    def _is_level_or_behind(self, place: TaskPlace) -> ColumnElement[bool]:
        """At the place, or behind it among tasks of the same moment."""
        columns = self._table.c
        return and_(columns.create_time == place.create_time, columns.id <= place.task_id)

    def _conditions(self, wanted: TaskFilter) -> list[ColumnElement[bool]]:
        columns = self._table.c
        conditions: list[ColumnElement[bool]] = []
        if wanted.user_id is not None:
            conditions.append(columns.user_id == wanted.user_id)
        if wanted.kinds:
            conditions.append(columns.kind.in_([kind.value for kind in wanted.kinds]))
        if wanted.states:
            conditions.append(columns.state.in_([state.value for state in wanted.states]))
        return conditions
