"""Lean queries and writes do what Core does, on both engines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    String,
    Table,
    bindparam,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from kit.db.database import Database
from kit.db.lean import LeanQuery
from kit.db.lean_write import LeanWrite, insert_if_absent, insert_of
from kit.db.types import UtcDateTime, new_metadata

METADATA = new_metadata()
THINGS = Table(
    "things",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String, unique=True),
    Column("is_good", Boolean),
    Column("made", UtcDateTime),
    Column("count", Integer, CheckConstraint("count >= 0", name="count"), nullable=False),
)
NOW = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)
ROW = {"name": "one", "is_good": True, "made": NOW, "count": 1}
ADD = LeanWrite(insert_of(THINGS).returning(THINGS.c.id))
ADD_ONCE = LeanWrite(insert_if_absent(THINGS))
SET_COUNT = LeanWrite(update(THINGS).where(THINGS.c.id == bindparam("key")).values(count=bindparam("new_count")))
ALL = LeanQuery(select(THINGS).order_by(THINGS.c.id))
NOWHERE = Table("nowhere", METADATA.__class__(), Column("id", Integer))


@pytest.fixture
async def things(database: Database) -> AsyncIterator[Database]:
    await database.write(METADATA.create_all)
    yield database


async def test_a_written_row_is_read_as_it_was(things: Database) -> None:
    key = await things.write(lambda c: ADD.returning(c, **ROW))
    assert await things.read(ALL.all) == [(key, "one", True, NOW, 1)]


async def test_what_is_none_is_stored_as_null(things: Database) -> None:
    key = await things.write(lambda c: ADD.returning(c, name=None, is_good=None, made=None, count=0))
    assert await things.read(ALL.first) == (key, None, None, None, 0)


async def test_the_rows_written_are_counted(things: Database) -> None:
    key = await things.write(lambda c: ADD.returning(c, **ROW))
    assert await things.write(lambda c: SET_COUNT.run(c, key=key, new_count=5)) == 1
    assert await things.write(lambda c: SET_COUNT.run(c, key=key + 1, new_count=6)) == 0
    assert await things.read(ALL.first) == (key, "one", True, NOW, 5)


async def test_what_is_there_is_not_written_again(things: Database) -> None:
    assert await things.write(lambda c: ADD_ONCE.run(c, **ROW)) == 1
    assert await things.write(lambda c: ADD_ONCE.run(c, **ROW)) == 0


@pytest.mark.parametrize("broken", [ROW, {**ROW, "name": "two", "count": -1}, {**ROW, "name": "two", "count": None}])
async def test_a_refused_write_raises_what_core_raises(things: Database, broken: dict[str, Any]) -> None:
    await things.write(lambda c: ADD.returning(c, **ROW))
    with pytest.raises(IntegrityError) as lean:
        await things.write(lambda c: ADD.returning(c, **broken))
    with pytest.raises(IntegrityError) as core:
        await things.write(lambda c: c.execute(insert(THINGS).values(**broken)))
    assert type(lean.value.orig) is type(core.value.orig)
    assert len(await things.read(ALL.all)) == 1


async def test_a_broken_query_raises_what_core_raises_and_tells_no_value(things: Database) -> None:
    query = LeanQuery(select(NOWHERE.c.id).where(NOWHERE.c.id == bindparam("key")))
    with pytest.raises(DBAPIError) as lean:
        await things.read(lambda c: query.first(c, key=424242))
    with pytest.raises(DBAPIError) as core:
        await things.read(lambda c: c.execute(select(NOWHERE.c.id)))
    assert type(lean.value) is type(core.value)
    assert "424242" not in str(lean.value)


async def test_a_refused_lean_write_fails_alone_in_its_transaction(things: Database) -> None:
    def work(connection: Connection) -> None:
        ADD.returning(connection, **ROW)
        ADD.returning(connection, **ROW)

    with pytest.raises(IntegrityError):
        await things.write(work)
    assert await things.read(ALL.all) == []


async def test_values_of_the_statement_itself_are_kept_even_none(things: Database) -> None:
    await things.write(lambda c: ADD.returning(c, **ROW))
    query = LeanQuery(
        select(literal(None, String), literal(7), literal(NOW, UtcDateTime)).where(
            THINGS.c.made == literal(NOW, UtcDateTime), THINGS.c.name == bindparam("name")
        )
    )
    assert await things.read(lambda c: query.first(c, name="one")) == (None, 7, NOW)
    assert await things.read(lambda c: query.first(c, name=None)) is None
    forget = LeanWrite(update(THINGS).where(THINGS.c.name == bindparam("old_name")).values(name=None, made=None))
    assert await things.write(lambda c: forget.run(c, old_name="one")) == 1
    assert [row[1:4] for row in await things.read(ALL.all)] == [(None, True, None)]


_WITH_DEFAULT = Table("defaults", METADATA.__class__(), Column("id", Integer), Column("n", Integer, default=1))


@pytest.mark.parametrize(
    "statement",
    [
        LeanQuery(select(THINGS.c.id).where(THINGS.c.id.in_(bindparam("keys", expanding=True)))),
        LeanQuery(select(THINGS.c.id).where(THINGS.c.id == bindparam("key", callable_=lambda: 1))),
    ],
)
async def test_a_query_that_cannot_be_prepared_is_refused(things: Database, statement: LeanQuery) -> None:
    with pytest.raises(ValueError, match="lean statement"):
        await things.read(statement.all)


async def test_a_write_that_forgets_a_default_is_refused(things: Database) -> None:
    statement = LeanWrite(insert(_WITH_DEFAULT).values(id=bindparam("id")))
    with pytest.raises(ValueError, match="default"):
        await things.write(lambda c: statement.run(c, id=1))
