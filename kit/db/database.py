"""A service's database.

Writes are plain functions that run in a writer thread inside one transaction: they cannot await, so no call to
another service can ever happen while a transaction is open. Hot reads run in a reader thread, all reads of one
loop turn together. Cold reads use an async SQLModel session.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Self, TypeVar

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel.ext.asyncio.session import AsyncSession

from kit.db.failures import CAUSES, cause_of, failure_of
from kit.db.lanes import LanePool, Runner
from kit.db.runners import PostgresWriter, Reader, SqliteWriter
from kit.db.settings import DatabaseSettings

T = TypeVar("T")

_GROUP_LIMIT = 256


def _on_sqlite_connect(settings: DatabaseSettings, *, query_only: str) -> Callable[[Any, Any], None]:
    def prepare(connection: Any, _record: Any) -> None:
        # The driver's own BEGIN comes too late and is always deferred; transactions are begun below.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {settings.statement_timeout_ms}",
            "journal_mode = WAL",
            f"synchronous = {settings.synchronous}",
            "foreign_keys = ON",
            # So that a row which is replaced counts as deleted for the triggers.
            "recursive_triggers = ON",
            f"query_only = {query_only}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return prepare


def _begin_with(statement: str) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    return begin


def _sqlite_engine(url: URL, settings: DatabaseSettings, *, begin: str, query_only: str) -> Engine:
    engine = create_engine(url, poolclass=NullPool)
    event.listen(engine, "connect", _on_sqlite_connect(settings, query_only=query_only))
    event.listen(engine, "begin", _begin_with(begin))
    return engine


# Lean statements look rows up by keys. One that was planned while its table was empty would otherwise read the whole of
# it until the server next counts its rows.
_BY_KEYS = "-c enable_seqscan=off"
# Lists and reports take tens of milliseconds, as compiling them or starting helpers would, at others' expense. What
# they read from indexes is in memory or on a disk without heads.
_FOR_LISTS = "-c jit=off -c max_parallel_workers_per_gather=0 -c random_page_cost=1.1"


# A server whose machine is gone answers nothing, not even that: its connections end after so many seconds.
_LOST_SERVER = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}


def _postgres_options(settings: DatabaseSettings, *, read_only: str, planning: str = "") -> dict[str, Any]:
    timeout = settings.statement_timeout_ms
    return {
        "connect_timeout": 5,
        **_LOST_SERVER,
        # A replica that hangs in a transaction must not keep its locks from the others.
        "options": f"-c statement_timeout={timeout} -c lock_timeout={timeout} "
        f"-c idle_in_transaction_session_timeout={timeout} "
        f"-c default_transaction_read_only={read_only} {planning}",
    }


class Database:
    """Open with `await Database.open(settings, name=…)` in the event loop that uses it; close when done."""

    def __init__(self, url: URL, settings: DatabaseSettings, *, name: str) -> None:
        self._url = url
        self._settings = settings
        self._listeners: list[Callable[[], None]] = []
        self._cold: AsyncEngine | None = None
        self._cold_failures: Counter[str] = Counter()
        open_writer, open_reader, write_lanes, read_lanes, write_group = (
            self._sqlite_lanes() if self.dialect_name == "sqlite" else self._postgres_lanes()
        )
        self._writers = LanePool(
            open_writer,
            name=f"{name}-write",
            lanes=write_lanes,
            group_limit=write_group,
            on_events=self._announce_events,
        )
        self._readers = LanePool(
            open_reader,
            name=f"{name}-read",
            lanes=read_lanes,
            group_limit=_GROUP_LIMIT,
            on_events=self._announce_events,
        )

    @classmethod
    async def open(cls, settings: DatabaseSettings, *, name: str) -> Self:
        """Connects lazily; call `ping` to know that the database is there."""
        return cls(make_url(settings.url.get_secret_value()), settings, name=name)

    @property
    def dialect_name(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._url.get_backend_name()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Runs `work` in one transaction and answers after its commit.

        On SQLite whoever waits shares the commit, each in a savepoint; on PostgreSQL a serialization failure, a
        deadlock or the loss of the connection before the commit repeats the work. So `work` may run more than once
        and must change nothing but the database. The work of a caller who has gone before its turn is not done.
        Raises what `work` raises; Conflict when repeating did not help; Unavailable when the database is gone,
        locked or full (then the commit may or may not have happened, if the connection was lost in it).
        """
        result: T = await self._writers.submit(work)
        return result

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Runs a short read in a reader thread. Raises what `work` raises; Unavailable when the database is gone."""
        result: T = await self._readers.submit(work)
        return result

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A read-only session for lists and reports. Raises Unavailable when the database is gone."""
        if self._cold is None:
            self._cold = self._cold_engine()
        try:
            async with AsyncSession(self._cold, expire_on_commit=False) as session:
                yield session
        except (DBAPIError, psycopg.Error, sqlite3.Error) as error:
            failure = failure_of(error)
            self._cold_failures[cause_of(failure)] += 1
            raise failure from error

    async def ping(self) -> None:
        """Raises when a read or the beginning of a write is not possible now."""
        await self.read(lambda connection: connection.execute(text("SELECT 1")).one())

    def failures(self) -> Mapping[tuple[str, ...], float]:
        """How often work failed for another cause than what it found, by operation and cause, since the start."""
        counted = (("write", self._writers.failures), ("read", self._readers.failures), ("list", self._cold_failures))
        return {(operation, cause): float(found[cause]) for operation, found in counted for cause in CAUSES}

    def waiting(self) -> Mapping[tuple[str, ...], float]:
        """How much work waits for a connection now, by operation."""
        return {("write",): float(self._writers.waiting), ("read",): float(self._readers.waiting)}

    def on_events_added(self, listener: Callable[[], None]) -> None:
        """The listener is called in the loop after each commit in which an outbox row was added."""
        self._listeners.append(listener)

    async def close(self) -> None:
        """Lets queued work finish and ends the threads."""
        async with AsyncExitStack() as stack:
            if self._cold is not None:
                stack.push_async_callback(self._cold.dispose)
            stack.push_async_callback(self._readers.close)
            stack.push_async_callback(self._writers.close)

    def _announce_events(self) -> None:
        for listener in self._listeners:
            listener()

    def _sqlite_lanes(self) -> tuple[Callable[[], Runner], Callable[[], Runner], int, int, int]:
        url = self._url.set(drivername="sqlite")
        writer = _sqlite_engine(url, self._settings, begin="BEGIN IMMEDIATE", query_only="OFF")
        reader = _sqlite_engine(url, self._settings, begin="BEGIN DEFERRED", query_only="ON")
        return lambda: SqliteWriter(writer), lambda: Reader(reader), 1, 1, _GROUP_LIMIT

    def _postgres_lanes(self) -> tuple[Callable[[], Runner], Callable[[], Runner], int, int, int]:
        settings = self._settings
        writing = _postgres_options(settings, read_only="off", planning=_BY_KEYS)
        reading = _postgres_options(settings, read_only="on", planning=_BY_KEYS)
        writer = create_engine(self._url, poolclass=NullPool, connect_args=writing)
        reader = create_engine(self._url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=reading)
        return (
            lambda: PostgresWriter(writer),
            lambda: Reader(reader),
            settings.write_connections,
            settings.read_connections,
            1,
        )

    def _cold_engine(self) -> AsyncEngine:
        if self.dialect_name == "postgresql":
            options = _postgres_options(self._settings, read_only="on", planning=_FOR_LISTS)
            return create_async_engine(self._url, pool_size=2, max_overflow=2, connect_args=options)
        engine = create_async_engine(self._url.set(drivername="sqlite+aiosqlite"), pool_size=2, max_overflow=2)
        prepare = _on_sqlite_connect(self._settings, query_only="ON")
        event.listen(engine.sync_engine, "connect", prepare)
        event.listen(engine.sync_engine, "begin", _begin_with("BEGIN DEFERRED"))
        return engine
