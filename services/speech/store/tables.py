"""Tables of the speech service."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from kit.db.types import UtcDateTime, new_metadata
from kit.events.tables import EventTables, InboxColumns, OutboxColumns, StreamColumns, core_table
from kit.tasks.tables import TaskColumns


class SpeechTable(SQLModel):
    """Base of the service's tables: a schema of its own."""

    metadata = new_metadata()


class TaskRow(TaskColumns, SpeechTable, table=True):
    """Tasks of the service."""

    __tablename__ = "tasks"


class VoiceRow(SpeechTable, table=True):
    """Voices made from samples. `engine_voice` is what the engine needs to speak with it."""

    __tablename__ = "voices"
    __table_args__ = (Index(None, "create_time", "id"),)

    id: str = Field(primary_key=True, max_length=64)
    user_id: int
    account: str = Field(max_length=64)
    prefix: str = Field(max_length=64)
    engine: str = Field(max_length=64)
    target_model: str = Field(max_length=64)
    engine_voice: str = Field(sa_type=Text)
    sample_file_id: str = Field(max_length=512)
    is_public: bool = False
    create_time: datetime = Field(sa_type=UtcDateTime)
    update_time: datetime = Field(sa_type=UtcDateTime)


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
VOICES = core_table(VoiceRow)
