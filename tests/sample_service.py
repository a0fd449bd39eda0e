"""A service reduced to its tables: what the suites of events and tasks run on."""

from __future__ import annotations

from sqlalchemy import Connection
from sqlmodel import SQLModel

from kit.clock import Clock
from kit.db.database import Database
from kit.db.types import new_metadata
from kit.db.uow import UnitOfWork, Units
from kit.events.envelope import EventSource
from kit.events.inbox import Inbox
from kit.events.tables import EventTables, InboxColumns, OutboxColumns, StreamColumns, core_table
from kit.ids import RandomIds
from kit.tasks.model import JsonObject, NewTask, TaskKind
from kit.tasks.repository import TaskRepository
from kit.tasks.tables import TaskColumns

SERVICE = "speech"
METADATA = new_metadata()


class SampleTable(SQLModel):
    metadata = METADATA


class OutboxRow(OutboxColumns, SampleTable, table=True):
    __tablename__ = "outbox"


class InboxRow(InboxColumns, SampleTable, table=True):
    __tablename__ = "inbox"


class StreamRow(StreamColumns, SampleTable, table=True):
    __tablename__ = "event_stream"


class TaskRow(TaskColumns, SampleTable, table=True):
    __tablename__ = "task"


EVENT_TABLES = EventTables.of(OutboxRow, InboxRow, StreamRow)
TASKS = core_table(TaskRow)


class SampleUnit(UnitOfWork):
    """One transaction of the sample service."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        super().__init__(connection, outbox_table=EVENT_TABLES.outbox)
        self.events = EventSource(SERVICE, RandomIds(), clock)
        self.inbox = Inbox(connection, EVENT_TABLES.inbox, now=clock.now())
        self.tasks = TaskRepository(connection, TASKS, self.events, self.outbox)


async def make_tables(database: Database) -> None:
    """Creates the sample service's tables."""
    await database.write(METADATA.create_all)


def sample_units(database: Database, clock: Clock) -> Units[SampleUnit]:
    """Units of work over the sample service."""
    return Units(database, lambda connection: SampleUnit(connection, clock))


def new_task(number: int = 1, *, user_id: int = 7, input_hash: str = "h", kind: TaskKind = TaskKind.TTS) -> NewTask:
    """A task nobody has asked for before, unless the number repeats."""
    words: JsonObject = {"text": f"你好 {number}", "rate": 1.5, "tags": ["a"], "extra": {"is_fast": True, "none": None}}
    return NewTask(f"tts_{number}", kind, user_id, f"request-{number}", input_hash, words)
