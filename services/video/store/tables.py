"""Tables of the video service."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from kit.db.types import UtcDateTime, new_metadata
from kit.events.tables import EventTables, InboxColumns, OutboxColumns, StreamColumns, core_table
from kit.tasks.tables import ID_LENGTH, TaskColumns


class VideoTable(SQLModel):
    """Base of the service's tables: a schema of its own."""

    metadata = new_metadata()


class TaskRow(TaskColumns, VideoTable, table=True):
    """Tasks of the service."""

    __tablename__ = "tasks"


class ProviderOrderRow(VideoTable, table=True):
    """What was ordered at a provider for tasks that have not ended, and for some moments more."""

    __tablename__ = "provider_orders"

    task_id: str = Field(primary_key=True, max_length=ID_LENGTH)
    state: str = Field(max_length=16)
    provider_id: str = Field(max_length=128)
    create_time: datetime = Field(sa_type=UtcDateTime)
    sent_time: datetime | None = Field(default=None, sa_type=UtcDateTime)


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
PROVIDER_ORDERS = core_table(ProviderOrderRow)
