"""Transactions, groups, reads and sessions, on both engines."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    String,
    Table,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError

from kit.db.database import Database
from kit.db.lean import LeanQuery
from kit.db.types import UtcDateTime, new_metadata
from kit.events.outbox import EVENTS_ADDED
from tests.databases import open_database

METADATA = new_metadata()
THINGS = Table(
    "things",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String),
    Column("is_good", Boolean, nullable=False, default=True),
    Column("made", UtcDateTime),
    Column("count", Integer, CheckConstraint("count >= 0", name="count"), nullable=False, default=0),
)
NOW = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)
BY_ID = LeanQuery(
    select(THINGS.c.id, THINGS.c.name, THINGS.c.is_good, THINGS.c.made).where(THINGS.c.id == bindparam("key"))
)
BY_QUALITY = LeanQuery(select(THINGS.c.id).where(THINGS.c.is_good == bindparam("good")).order_by(THINGS.c.id))


@pytest.fixture
async def things(database: Database) -> AsyncIterator[Database]:
    await database.write(METADATA.create_all)
    yield database


def added(number: int, **values: Any) -> Any:
    def work(connection: Connection) -> int:
        connection.execute(insert(THINGS).values(id=number, name=f"thing {number}", made=NOW, **values))
        return number

    return work


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(THINGS)).scalar_one()


async def test_what_was_written_is_read_at_once(things: Database) -> None:
    assert await things.write(added(1)) == 1
    assert await things.read(count) == 1


async def test_each_of_many_writers_fails_alone(things: Database) -> None:
    def broken(connection: Connection) -> None:
        added(1000)(connection)
        raise LookupError("mine alone")

    def refused(connection: Connection) -> None:
        added(1001)(connection)
        connection.execute(insert(THINGS).values(id=1, name="twice"))

    works = [added(1), broken, *[added(number) for number in range(2, 40)], refused, added(40)]
    results = await asyncio.gather(*[things.write(work) for work in works], return_exceptions=True)
    failures = {type(result) for result in results if isinstance(result, BaseException)}
    assert failures <= {LookupError, IntegrityError}
    assert len([result for result in results if isinstance(result, BaseException)]) == 2
    assert await things.read(count) == 40


async def test_no_update_is_lost(things: Database) -> None:
    await things.write(added(1))

    def increment(connection: Connection) -> None:
        row = connection.execute(select(THINGS.c.count).where(THINGS.c.id == 1).with_for_update()).one()
        connection.execute(update(THINGS).where(THINGS.c.id == 1).values(count=row[0] + 1))

    await asyncio.gather(*[things.write(increment) for _ in range(60)])
    assert await things.read(lambda c: c.execute(select(THINGS.c.count)).scalar_one()) == 60


async def test_a_constraint_speaks_before_the_commit_is_answered(things: Database) -> None:
    await things.write(added(1, count=1))
    with pytest.raises(IntegrityError):
        await things.write(lambda c: c.execute(update(THINGS).values(count=THINGS.c.count - 2)))
    assert await things.read(lambda c: c.execute(select(THINGS.c.count)).scalar_one()) == 1


async def test_a_failing_read_fails_alone(things: Database) -> None:
    await things.write(added(1))

    def broken(connection: Connection) -> None:
        connection.exec_driver_sql("SELECT nothing FROM nowhere")

    results = await asyncio.gather(things.read(count), things.read(broken), things.read(count), return_exceptions=True)
    assert (results[0], results[2]) == (1, 1)
    assert isinstance(results[1], DBAPIError)


async def test_readers_cannot_write(things: Database) -> None:
    with pytest.raises(DBAPIError):
        await things.read(added(1))
    async with things.session() as session:
        connection = await session.connection()
        with pytest.raises(DBAPIError):
            await connection.execute(insert(THINGS).values(id=1))
    assert await things.read(count) == 0


async def test_sessions_read(things: Database) -> None:
    await things.write(added(1))
    async with things.session() as session:
        connection = await session.connection()
        assert (await connection.execute(select(func.count()).select_from(THINGS))).scalar_one() == 1


async def test_the_callers_context_is_seen_by_the_work(things: Database) -> None:
    whose: ContextVar[str] = ContextVar("whose", default="nobody's")

    async def ask(name: str) -> tuple[str, str, str]:
        whose.set(name)
        written = await things.write(lambda _connection: whose.get())
        return name, written, await things.read(lambda _connection: whose.get())

    answers = await asyncio.gather(*[ask(str(number)) for number in range(20)])
    assert all(name == written == read for name, written, read in answers)


async def test_work_never_runs_in_the_event_loops_thread(things: Database) -> None:
    here = threading.get_ident()
    assert await things.write(lambda _connection: threading.get_ident()) != here
    assert await things.read(lambda _connection: threading.get_ident()) != here


async def test_a_cancelled_caller_takes_nobody_with_it(things: Database) -> None:
    leaving = asyncio.ensure_future(things.write(added(1)))
    staying = asyncio.ensure_future(things.write(added(2)))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == 2


async def test_listeners_hear_of_events_after_the_commit_and_only_then(things: Database) -> None:
    heard: list[int] = []
    things.on_events_added(lambda: heard.append(1))

    def announce(connection: Connection) -> None:
        added(1)(connection)
        connection.info[EVENTS_ADDED] = True

    await things.write(added(5))
    assert heard == []
    await things.write(announce)
    assert heard == [1]
    await things.write(added(6))
    assert heard == [1]


async def test_closing_lets_queued_work_finish(database_url: str) -> None:
    async with open_database(database_url, METADATA) as opened:
        pending = [asyncio.ensure_future(opened.write(added(number))) for number in range(100)]
        await asyncio.sleep(0)
    assert sorted(await asyncio.gather(*pending)) == list(range(100))


async def test_lean_queries_answer_python_values(things: Database) -> None:
    await things.write(added(1))
    await things.write(added(2, is_good=False))
    assert await things.read(lambda c: BY_ID.first(c, key=1)) == (1, "thing 1", True, NOW)
    assert await things.read(lambda c: BY_ID.first(c, key=9)) is None
    assert await things.read(lambda c: BY_QUALITY.all(c, good=False)) == [(2,)]
    assert await things.read(lambda c: BY_QUALITY.all(c, good=True)) == [(1,)]


async def test_naive_times_are_refused(things: Database) -> None:
    with pytest.raises(Exception, match="aware"):
        await things.write(lambda c: c.execute(insert(THINGS).values(id=1, made=NOW.replace(tzinfo=None))))


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_survive_to_the_microsecond(moment: datetime) -> None:
    for dialect in (sqlite.dialect(), postgresql.dialect()):
        stored = UtcDateTime().process_bind_param(moment, dialect)
        assert UtcDateTime().process_result_value(stored, dialect) == moment


async def test_a_locked_file_fails_the_write_and_the_next_one_works(tmp_path: Any) -> None:
    path = tmp_path / "locked.db"
    async with open_database(f"sqlite:///{path}", METADATA) as opened:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(opened.write(added(1)))
        await opened.read(count)
        assert not waiting.done()
        other.execute("ROLLBACK")
        other.close()
        assert await waiting == 1
