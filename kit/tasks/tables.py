"""Columns of the task table every service with long work declares on its own metadata.

class TaskRow(TaskColumns, SpeechTable, table=True):
    __tablename__ = "task"
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

from kit.db.types import UtcDateTime

UNFINISHED = "state IN ('NEW', 'QUEUED', 'RUNNING')"
"""Condition of an index below; a query has to state it in the same words to use the index."""

ID_LENGTH = 64
NAME_LENGTH = 200


class TaskColumns(SQLModel):
    """A task. `input` and `output` are JSON texts."""

    id: str = Field(primary_key=True, max_length=ID_LENGTH)
    kind: str = Field(max_length=32)
    state: str = Field(max_length=16)
    user_id: int
    request_id: str = Field(max_length=NAME_LENGTH)
    input_hash: str = Field(max_length=NAME_LENGTH)
    input: str = Field(sa_type=Text)
    output: str | None = Field(default=None, sa_type=Text)
    credits: int = 0
    hold_id: str = Field(default="", max_length=ID_LENGTH)
    progress: int = 0
    stage: str = Field(max_length=64)
    attempt: int = 0
    lease_owner: str = Field(default="", max_length=NAME_LENGTH)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error_reason: str = Field(default="", max_length=64)
    error_message: str = Field(default="", sa_type=Text)
    create_time: datetime = Field(sa_type=UtcDateTime)
    update_time: datetime = Field(sa_type=UtcDateTime)
    # When it entered the queue.
    enqueue_time: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # When its wake-up is sent again if nobody has claimed it by then.
    wake_time: datetime | None = Field(default=None, sa_type=UtcDateTime)
    start_time: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finish_time: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Of the request that asked for it.
    trace_parent: str = Field(default="", max_length=ID_LENGTH, sa_column_kwargs={"server_default": ""})

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> Any:
        return (
            UniqueConstraint("user_id", "request_id"),
            # Pages, positions in them and totals are read from these two alone, whatever the filter.
            Index(None, "user_id", "create_time", "id", "kind", "state"),
            Index(None, "create_time", "id", "kind", "state", "user_id"),
            # Counts a user's unfinished tasks without a look at all they ever had.
            _index_where(UNFINISHED, "user_id", "state"),
            # Sweepers look at the few rows of one state; the many finished ones stay out of their indexes.
            _index_where("state = 'NEW'", "create_time"),
            _index_where("state = 'QUEUED'", "wake_time"),
            _index_where("state = 'RUNNING'", "lease_until"),
        )


def _index_where(rule: str, *columns: str) -> Index:
    condition = text(rule)
    return Index(None, *columns, sqlite_where=condition, postgresql_where=condition)
