"""Tables of the speech service."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, Integer, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from kit.db.types import UtcDateTime, new_metadata
from kit.events.tables import EventTables, InboxColumns, OutboxColumns, StreamColumns, core_table
from kit.tasks.tables import TaskColumns

# SQLite numbers rows by itself only in a column declared INTEGER.
_RowId = BigInteger().with_variant(Integer(), "sqlite")


class SpeechTable(SQLModel):
    """Base of the service's tables: a schema of its own."""

    metadata = new_metadata()


class TaskRow(TaskColumns, SpeechTable, table=True):
    """Tasks of the service."""

    __tablename__ = "tasks"


class VoiceRow(SpeechTable, table=True):
    """Voices made from samples. `engine_voice` is what the engine needs to speak with it; `pack_file_id` is the file of
    what it learnt, null where the engine keeps that itself."""

    __tablename__ = "voices"
    __table_args__ = (Index(None, "create_time", "id"),)

    id: str = Field(primary_key=True, max_length=64)
    user_id: int
    account: str = Field(max_length=64)
    prefix: str = Field(max_length=64)
    engine: str = Field(max_length=64)
    target_model: str = Field(max_length=64)
    engine_voice: str = Field(sa_type=Text)
    pack_file_id: str | None = Field(default=None, max_length=512)
    quality: str = Field(default="approximate", max_length=16, sa_column_kwargs={"server_default": "approximate"})
    sample_file_id: str = Field(max_length=512)
    is_public: bool = False
    create_time: datetime = Field(sa_type=UtcDateTime)
    update_time: datetime = Field(sa_type=UtcDateTime)


class CustomVoiceRow(SpeechTable, table=True):
    """Voices that users uploaded. `pitch_hz` is null when nobody speaks in the sample; `engine_voice` and
    `pack_file_id`, as of cloned voices, are null until an engine has learnt the voice."""

    __tablename__ = "custom_voices"
    # The owner's list is read from the constraint's index.
    __table_args__: ClassVar[Any] = (UniqueConstraint("user_id", "sha256", "name"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, primary_key=True, sa_type=_RowId)
    user_id: int = Field(sa_type=BigInteger)
    name: str = Field(max_length=100)
    description: str = Field(max_length=500)
    file_id: str = Field(max_length=512)
    sha256: str = Field(max_length=64)
    size_bytes: int = Field(sa_type=BigInteger)
    duration_ms: int
    pitch_hz: int | None = None
    engine_voice: str | None = Field(default=None, sa_type=Text)
    pack_file_id: str | None = Field(default=None, max_length=512)
    create_time: datetime = Field(sa_type=UtcDateTime)


class TemplateUseRow(SpeechTable, table=True):
    """How often each voice of the public catalogue was used."""

    __tablename__ = "template_uses"

    template_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    use_count: int = Field(sa_type=BigInteger)


class DubbingRow(SpeechTable, table=True):
    """The history of dubbing. One of the two voices is null."""

    __tablename__ = "dubbings"
    # Ids are not given again: a link to a deleted piece must not lead to another.
    __table_args__: ClassVar[Any] = (Index(None, "user_id", "create_time", "id"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, primary_key=True, sa_type=_RowId)
    task_id: str = Field(unique=True, max_length=64)
    user_id: int = Field(sa_type=BigInteger)
    text: str = Field(sa_type=Text)
    template_id: int | None = None
    custom_voice_id: int | None = Field(default=None, sa_type=BigInteger)
    emotion_control: str = Field(max_length=32)
    file_id: str = Field(max_length=512)
    size_bytes: int = Field(sa_type=BigInteger)
    duration_ms: int
    credits_used: int = Field(sa_type=BigInteger)
    create_time: datetime = Field(sa_type=UtcDateTime)


class EmotionReferenceRow(SpeechTable, table=True):
    """Recordings whose manner of speaking is to be taken over, and what was measured of them."""

    __tablename__ = "emotion_references"

    user_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    md5: str = Field(primary_key=True, max_length=32)
    extension: str = Field(max_length=8)
    file_id: str = Field(max_length=512)
    size_bytes: int = Field(sa_type=BigInteger)
    median_hz: float
    range_semitones: float
    level_db: float
    syllables_per_s: float
    create_time: datetime = Field(sa_type=UtcDateTime)


class SubmissionTurnRow(SpeechTable, table=True):
    """When the next submission to a provider is free, in microseconds of Unix time, for each of its limits."""

    __tablename__ = "submission_turns"

    name: str = Field(primary_key=True, max_length=64)
    free_at_us: int = Field(sa_type=BigInteger)


class RunningSubmissionRow(SpeechTable, table=True):
    """What runs at a provider under each of its limits, and when it has surely ended, in microseconds of Unix time."""

    __tablename__ = "running_submissions"

    name: str = Field(primary_key=True, max_length=64)
    holder: str = Field(primary_key=True, max_length=64)
    until_us: int = Field(sa_type=BigInteger)


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
CUSTOM_VOICES = core_table(CustomVoiceRow)
TEMPLATE_USES = core_table(TemplateUseRow)
DUBBINGS = core_table(DubbingRow)
EMOTION_REFERENCES = core_table(EmotionReferenceRow)
SUBMISSION_TURNS = core_table(SubmissionTurnRow)
RUNNING_SUBMISSIONS = core_table(RunningSubmissionRow)
