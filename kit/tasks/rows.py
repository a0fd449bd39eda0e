"""Task rows to tasks and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Table, bindparam, select

from kit.db.any_of import AnyOf
from kit.db.lean import LeanQuery
from kit.db.lean_write import LeanWrite, insert_if_absent
from kit.tasks.model import JsonObject, NewTask, Stage, Task, TaskKind, TaskState

_COLUMNS = (
    "id",
    "kind",
    "state",
    "user_id",
    "request_id",
    "input_hash",
    "input",
    "output",
    "credits",
    "hold_id",
    "progress",
    "stage",
    "attempt",
    "lease_owner",
    "lease_until",
    "error_reason",
    "error_message",
    "create_time",
    "update_time",
    "enqueue_time",
    "start_time",
    "finish_time",
    "trace_parent",
)
_KIND, _STATE = _COLUMNS.index("kind"), _COLUMNS.index("state")
_INPUT, _OUTPUT = _COLUMNS.index("input"), _COLUMNS.index("output")


def task_columns(table: Table) -> list[Column[Any]]:
    """The columns `task_of` wants, in its order."""
    return [table.c[name] for name in _COLUMNS]


def task_of(row: Sequence[Any]) -> Task:
    """The task of a row of `task_columns`."""
    values = list(row)
    values[_KIND] = TaskKind(values[_KIND])
    values[_STATE] = TaskState(values[_STATE])
    values[_INPUT] = orjson.loads(values[_INPUT])
    values[_OUTPUT] = None if values[_OUTPUT] is None else orjson.loads(values[_OUTPUT])
    return Task(*values)


def json_text(value: JsonObject) -> str:
    """The JSON text a row holds."""
    return orjson.dumps(dict(value)).decode()


def _row_of(new: NewTask, now: datetime, trace_parent: str) -> dict[str, Any]:
    return {
        "id": new.id,
        "kind": new.kind.value,
        "state": TaskState.NEW.value,
        "user_id": new.user_id,
        "request_id": new.request_id,
        "input_hash": new.input_hash,
        "input": json_text(new.input),
        "output": None,
        "credits": 0,
        "hold_id": "",
        "progress": 0,
        "stage": Stage.NEW.value,
        "attempt": 0,
        "lease_owner": "",
        "lease_until": None,
        "error_reason": "",
        "error_message": "",
        "create_time": now,
        "update_time": now,
        "enqueue_time": None,
        "wake_time": None,
        "start_time": None,
        "finish_time": None,
        "trace_parent": trace_parent,
    }


def find_task(connection: Connection, table: Table, *, task_id: str) -> Task | None:
    """The task of an id, whatever text somebody took for one."""
    return find_tasks(connection, table, task_ids=[task_id]).get(task_id)


def find_tasks(connection: Connection, table: Table, *, task_ids: Sequence[str]) -> dict[str, Task]:
    """Those of the ids that are ids of tasks; on the path of every client that polls."""
    # PostgreSQL's text cannot hold a zero, and its driver would raise.
    possible = [task_id for task_id in task_ids if "\x00" not in task_id]
    if not possible:
        return {}
    tasks = map(task_of, _query_by_id(table).all(connection, task_ids=possible))
    return {task.id: task for task in tasks}


def find_task_of_request(connection: Connection, table: Table, *, user_id: int, request_id: str) -> Task | None:
    """The task that a user's request made."""
    row = _query_by_request(table).first(connection, user_id=user_id, request_id=request_id)
    return None if row is None else task_of(row)


def add_task(connection: Connection, table: Table, *, new: NewTask, now: datetime, trace_parent: str) -> None:
    """Adds the row, unless its id or its request is there."""
    _addition_to(table).run(connection, **_row_of(new, now, trace_parent))


@lru_cache(maxsize=32)
def _query_by_id(table: Table) -> LeanQuery:
    return LeanQuery(select(*task_columns(table)).where(AnyOf(table.c.id, "task_ids")))


@lru_cache(maxsize=32)
def _query_by_request(table: Table) -> LeanQuery:
    is_it = (table.c.user_id == bindparam("user_id"), table.c.request_id == bindparam("request_id"))
    return LeanQuery(select(*task_columns(table)).where(*is_it))


@lru_cache(maxsize=32)
def _addition_to(table: Table) -> LeanWrite:
    return LeanWrite(insert_if_absent(table))
