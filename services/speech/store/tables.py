"""Tables of the speech service."""

from __future__ import annotations

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from kit.db.types import new_metadata
from kit.events.tables import EventTables, InboxColumns, OutboxColumns, StreamColumns, core_table
from kit.tasks.tables import TaskColumns

UNFINISHED = "state IN ('NEW', 'QUEUED', 'RUNNING')"
"""Condition of the index below; a query has to state it in the same words to use the index."""


class SpeechTable(SQLModel):
    """Base of the service's tables: a schema of its own."""

    metadata = new_metadata()


class TaskRow(TaskColumns, SpeechTable, table=True):
    """Tasks of the service."""

    __tablename__ = "tasks"


# Counts a user's unfinished tasks without a look at all they ever had.
Index(None, core_table(TaskRow).c.user_id, sqlite_where=text(UNFINISHED), postgresql_where=text(UNFINISHED))


class OutboxRow(OutboxColumns, SpeechTable, table=True):
    """Events to send."""

    __tablename__ = "outbox"


class InboxRow(InboxColumns, SpeechTable, table=True):
    """Events that were applied."""

    __tablename__ = "inbox"


class StreamRow(StreamColumns, SpeechTable, table=True):
    """Streams as last seen."""

    __tablename__ = "streams"


EVENT_TABLES = EventTables.of(OutboxRow, InboxRow, StreamRow)
TASKS = core_table(TaskRow)
