"""Task rows to tasks and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Column, Table, bindparam, select

from kit.db.lean import LeanQuery
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


def row_of(new: NewTask, now: datetime) -> dict[str, Any]:
    """The row of a task that was just asked for."""
    return {
        "id": new.id,
        "kind": new.kind.value,
        "state": TaskState.NEW.value,
        "user_id": new.user_id,
        "request_id": new.request_id,
        "input_hash": new.input_hash,
        "input": json_text(new.input),
        "credits": 0,
        "hold_id": "",
        "progress": 0,
        "stage": Stage.NEW.value,
        "attempt": 0,
        "lease_owner": "",
        "error_reason": "",
        "error_message": "",
        "create_time": now,
        "update_time": now,
    }


@lru_cache(maxsize=32)
def query_by_id(table: Table) -> LeanQuery:
    """Reads a task by `task_id`; on the path of every client that polls."""
    return LeanQuery(select(*task_columns(table)).where(table.c.id == bindparam("task_id")))
