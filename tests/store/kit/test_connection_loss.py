"""Connections that break, files that are locked: whoever asks hears Unavailable or nothing of it, and the next
call works."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import Column, Connection, Integer, Table, bindparam, insert, make_url, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from kit.db.database import Database
from kit.db.lean import LeanQuery
from kit.db.lean_write import LeanWrite, insert_of
from kit.db.settings import DatabaseSettings
from kit.db.types import new_metadata
from kit.errors import Unavailable
from tests.databases import PostgresServer, open_database

METADATA = new_metadata()
THINGS = Table("things", METADATA, Column("id", Integer, primary_key=True, autoincrement=False), Column("n", Integer))
ADD = LeanWrite(insert_of(THINGS))
SET = LeanWrite(update(THINGS).where(THINGS.c.id == bindparam("key")).values(n=bindparam("new_n")))
IDS = LeanQuery(select(THINGS.c.id).order_by(THINGS.c.id))
LOCK_WAIT_MS = 100


def added(*numbers: int) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        for number in numbers:
            ADD.run(connection, id=number, n=0)

    return work


class Operator:
    """Ends the connections of everybody else."""

    def __init__(self, url: str) -> None:
        self._conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)

    def end_all(self) -> int:
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            ).fetchall()
        return len(ended)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    with postgres_server.fresh_database() as url:
        yield url


@pytest.fixture
async def remote(postgres_url: str) -> AsyncIterator[Database]:
    """A PostgreSQL database whose connections have all been used."""
    async with open_database(postgres_url, METADATA) as database:
        await database.write(added(1))
        await asyncio.gather(*[database.write(IDS.all) for _ in range(4)], *[database.read(IDS.all) for _ in range(2)])
        yield database


@pytest.fixture
def operator(postgres_url: str) -> Operator:
    return Operator(postgres_url)


async def test_a_read_on_a_dead_connection_is_repeated_on_a_new_one(remote: Database, operator: Operator) -> None:
    assert operator.end_all() > 0
    assert await remote.read(IDS.all) == [(1,)]


async def test_a_write_on_a_dead_connection_is_repeated_on_a_new_one(remote: Database, operator: Operator) -> None:
    assert operator.end_all() > 0
    await asyncio.gather(*[remote.write(added(number)) for number in range(2, 10)])
    assert await remote.read(IDS.all) == [(number,) for number in range(1, 10)]


async def test_a_core_statement_on_a_dead_connection_is_repeated_too(remote: Database, operator: Operator) -> None:
    assert operator.end_all() > 0
    await remote.write(lambda c: c.execute(insert(THINGS).values(id=2, n=0)))
    assert await remote.read(lambda c: c.execute(select(THINGS.c.id).order_by(THINGS.c.id)).all()) == [(1,), (2,)]


async def test_a_loss_between_two_statements_writes_all_or_nothing(remote: Database, operator: Operator) -> None:
    losses = iter([True])

    def work(connection: Connection) -> None:
        ADD.run(connection, id=2, n=0)
        if next(losses, False):
            assert operator.end_all() > 0
        ADD.run(connection, id=3, n=0)

    await remote.write(work)
    assert await remote.read(IDS.all) == [(1,), (2,), (3,)]


async def test_a_connection_that_is_lost_each_time_is_unavailable(remote: Database, operator: Operator) -> None:
    def work(connection: Connection) -> None:
        ADD.run(connection, id=2, n=0)
        operator.end_all()
        ADD.run(connection, id=3, n=0)

    def read(connection: Connection) -> None:
        operator.end_all()
        IDS.all(connection)

    with pytest.raises(Unavailable):
        await remote.write(work)
    with pytest.raises(Unavailable):
        await remote.read(read)
    await remote.write(added(4))
    assert await remote.read(IDS.all) == [(1,), (4,)]


async def test_a_loss_that_the_work_ignores_is_no_success(remote: Database, operator: Operator) -> None:
    def work(connection: Connection) -> None:
        ADD.run(connection, id=2, n=0)
        operator.end_all()
        with pytest.raises(DBAPIError):
            ADD.run(connection, id=3, n=0)

    with pytest.raises(Unavailable):
        await remote.write(work)
    assert await remote.read(IDS.all) == [(1,)]


async def test_a_loss_before_the_commit_is_unavailable_and_writes_nothing(remote: Database, operator: Operator) -> None:
    runs: list[int] = []

    def work(connection: Connection) -> None:
        runs.append(1)
        ADD.run(connection, id=2, n=0)
        operator.end_all()

    with pytest.raises(Unavailable):
        await remote.write(work)
    assert len(runs) == 1, "whether a lost commit has happened is not known: it is not repeated"
    assert await remote.read(IDS.all) == [(1,)]


async def test_an_error_that_the_work_ignores_is_no_silent_rollback(remote: Database) -> None:
    def work(connection: Connection) -> None:
        ADD.run(connection, id=2, n=0)
        with pytest.raises(IntegrityError):
            ADD.run(connection, id=2, n=0)

    with pytest.raises(Exception, match="had failed"):
        await remote.write(work)
    assert await remote.read(IDS.all) == [(1,)]


async def test_a_deadlock_of_lean_writes_is_repeated(remote: Database) -> None:
    await remote.write(added(2))
    both_hold_one = [asyncio.Event(), asyncio.Event()]
    loop = asyncio.get_running_loop()
    runs: list[int] = []

    def crosswise(first: int, second: int) -> Callable[[Connection], None]:
        def work(connection: Connection) -> None:
            runs.append(first)
            SET.run(connection, key=first, new_n=first)
            loop.call_soon_threadsafe(both_hold_one[first - 1].set)
            asyncio.run_coroutine_threadsafe(both_hold_one[second - 1].wait(), loop).result(10)
            SET.run(connection, key=second, new_n=first)

        return work

    await asyncio.gather(remote.write(crosswise(1, 2)), remote.write(crosswise(2, 1)))
    assert len(runs) > 2


async def test_a_session_on_a_dead_connection_is_unavailable_and_the_next_works(
    remote: Database, operator: Operator
) -> None:
    async def listed() -> list[int]:
        async with remote.session() as session:
            return [row.id for row in await session.exec(select(THINGS.c.id))]

    assert await listed() == [1]
    assert operator.end_all() > 0
    with pytest.raises(Unavailable):
        await listed()
    assert await listed() == [1]


async def test_a_transaction_that_hangs_keeps_its_locks_from_nobody(postgres_url: str, remote: Database) -> None:
    """As a process does that is stopped in the middle of its work."""
    has_lock, is_over = threading.Event(), threading.Event()
    runs: list[int] = []

    def work(connection: Connection) -> None:
        runs.append(1)
        SET.run(connection, key=1, new_n=1)
        has_lock.set()
        is_over.wait(60)
        SET.run(connection, key=1, new_n=2)

    async with impatient(postgres_url) as hanging:
        hung = asyncio.ensure_future(hanging.write(work))
        assert await asyncio.to_thread(has_lock.wait, 60)
        await remote.write(lambda connection: SET.run(connection, key=1, new_n=3))
        is_over.set()
        await hung
    assert len(runs) == 2, "it was done again on a new connection"
    assert await remote.read(lambda connection: connection.execute(select(THINGS.c.n)).scalar()) == 2


async def test_a_statement_that_takes_too_long_is_unavailable(postgres_url: str) -> None:
    async with impatient(postgres_url) as database:
        with pytest.raises(Unavailable):
            await database.read(lambda c: c.execute(text("SELECT pg_sleep(5)")).one())
        with pytest.raises(Unavailable):
            await database.write(lambda c: c.execute(text("SELECT pg_sleep(5)")).one())
        await database.ping()


@asynccontextmanager
async def impatient(url: str) -> AsyncIterator[Database]:
    settings = DatabaseSettings(url=SecretStr(url), statement_timeout_ms=LOCK_WAIT_MS)
    database = await Database.open(settings, name="impatient")
    try:
        await database.write(METADATA.create_all)
        yield database
    finally:
        await database.close()


@pytest.mark.parametrize("count", [1, 50])
async def test_a_file_that_stays_locked_is_unavailable_to_all_at_once(tmp_path: Path, count: int) -> None:
    path = tmp_path / "locked.db"
    async with impatient(f"sqlite:///{path}") as database:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            started = time.monotonic()
            works = [database.write(added(number)) for number in range(count)]
            results = await asyncio.gather(*works, return_exceptions=True)
            waited_ms = (time.monotonic() - started) * 1000
            assert {type(result) for result in results} == {Unavailable}
            assert len({id(result) for result in results}) == count
            assert await database.read(IDS.all) == []
            other.execute("ROLLBACK")
        assert waited_ms < 20 * LOCK_WAIT_MS, "nobody waits for the lock in turn"
        await database.write(added(1))
        assert await database.read(IDS.all) == [(1,)]


async def test_a_full_file_is_unavailable_and_the_others_write(tmp_path: Path) -> None:
    def fill(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        added(*range(100, 5000))(connection)

    async with impatient(f"sqlite:///{tmp_path / 'full.db'}") as database:
        results = await asyncio.gather(
            database.write(added(1)), database.write(fill), database.write(added(2)), return_exceptions=True
        )
        assert [type(result) for result in results] == [type(None), Unavailable, type(None)]
        assert await database.read(IDS.all) == [(1,), (2,)]


async def test_a_commit_that_fails_fails_only_whose_fault_it_was(tmp_path: Path) -> None:
    children = "CREATE TABLE child (parent INTEGER REFERENCES things (id) DEFERRABLE INITIALLY DEFERRED)"

    def orphan(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO child VALUES (77)")

    async with impatient(f"sqlite:///{tmp_path / 'test.db'}") as database:
        await database.write(lambda c: c.exec_driver_sql(children) and None)
        results: list[Any] = await asyncio.gather(
            database.write(added(1)), database.write(orphan), database.write(added(2)), return_exceptions=True
        )
        assert [type(result) for result in results] == [type(None), IntegrityError, type(None)]
        assert await database.read(IDS.all) == [(1,), (2,)]
