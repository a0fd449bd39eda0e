"""Tables of the video service."""

from __future__ import annotations

from sqlmodel import SQLModel

from kit.db.types import new_metadata
from kit.events.tables import EventTables, InboxColumns, OutboxColumns, StreamColumns, core_table
from kit.tasks.tables import TaskColumns


class VideoTable(SQLModel):
    """Base of the service's tables: a schema of its own."""

    metadata = new_metadata()


class TaskRow(TaskColumns, VideoTable, table=True):
    """Tasks of the service."""

    __tablename__ = "tasks"


class OutboxRow(OutboxColumns, VideoTable, table=True):
    """Events to send."""

    __tablename__ = "outbox"


class InboxRow(InboxColumns, VideoTable, table=True):
    """Events that were applied."""

    __tablename__ = "inbox"


class StreamRow(StreamColumns, VideoTable, table=True):
    """Streams as last seen."""

    __tablename__ = "streams"


EVENT_TABLES = EventTables.of(OutboxRow, InboxRow, StreamRow)
TASKS = core_table(TaskRow)
