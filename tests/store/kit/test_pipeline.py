"""Writes that do not wait for each other, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Connection, String, Table, select
from sqlalchemy.exc import IntegrityError

from kit.db.database import Database
from kit.db.lean import LeanQuery
from kit.db.lean_many import LeanInsertMany, LeanUpdateMany
from kit.db.pipeline import pipelined
from kit.db.types import new_metadata

METADATA = new_metadata()
PARTS = Table(
    "parts",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(10), nullable=False),
)
ADD = LeanInsertMany(tuple(PARTS.columns))
RENAME = LeanUpdateMany(PARTS, keys={"part": PARTS.c.id}, values={"new_name": PARTS.c.name})
ALL = LeanQuery(select(PARTS.c.id, PARTS.c.name).order_by(PARTS.c.id))


class NotThere(Exception):
    """A part to rename is not there."""


@pytest.fixture
async def parts(database: Database) -> Database:
    await database.write(METADATA.create_all)
    return database


def rename(connection: Connection, number: int) -> None:
    RENAME.run(connection, [{"part": number, "new_name": "renamed"}], otherwise=NotThere)


async def written(parts: Database, work: Callable[[Connection], Any]) -> list[tuple[Any, ...]]:
    """What is there after the work."""

    def within(connection: Connection) -> None:
        with pipelined(connection):
            work(connection)

    await parts.write(within)
    return await parts.read(ALL.all)


async def test_each_write_sees_those_before(parts: Database) -> None:
    def work(connection: Connection) -> None:
        ADD.run(connection, [(1, "one"), (2, "two")])
        rename(connection, 2)
        assert ALL.all(connection) == [(1, "one"), (2, "renamed")]
        ADD.run(connection, [(3, "three")])

    assert await written(parts, work) == [(1, "one"), (2, "renamed"), (3, "three")]


@pytest.mark.parametrize("after", [lambda _: None, ALL.all, lambda c: ADD.run(c, [(5, "five")])])
async def test_what_is_refused_is_raised_and_nothing_is_kept(
    parts: Database, after: Callable[[Connection], Any]
) -> None:
    def work(connection: Connection) -> None:
        ADD.run(connection, [(1, "one")])
        ADD.run(connection, [(1, "again")])
        after(connection)

    with pytest.raises(IntegrityError):
        await written(parts, work)
    assert await written(parts, lambda connection: ADD.run(connection, [(2, "two")])) == [(2, "two")]


async def test_what_is_asked_is_what_was_there_when_it_was_asked(parts: Database) -> None:
    def work(connection: Connection) -> None:
        ADD.run(connection, [(1, "one")])
        first = ALL.ask(connection)
        ADD.run(connection, [(2, "two")])
        second = ALL.ask(connection)
        rename(connection, 1)
        assert first() == [(1, "one")]
        assert second() == [(1, "one"), (2, "two")]

    assert await written(parts, work) == [(1, "renamed"), (2, "two")]


async def test_what_is_asked_after_a_refusal_has_no_answer(parts: Database) -> None:
    def work(connection: Connection) -> None:
        ADD.run(connection, [(1, "one")])
        ADD.run(connection, [(1, "again")])
        ALL.ask(connection)()

    with pytest.raises(IntegrityError):
        await written(parts, work)
    assert await parts.read(ALL.all) == []


async def test_a_row_that_is_not_found_is_told_at_the_end(parts: Database) -> None:
    def work(connection: Connection) -> None:
        ADD.run(connection, [(1, "one")])
        rename(connection, 2)

    with pytest.raises(NotThere):
        await written(parts, work)
    assert await parts.read(ALL.all) == []


async def test_what_fails_within_is_raised_as_it_is(parts: Database) -> None:
    def work(connection: Connection) -> None:
        ADD.run(connection, [(1, "one")])
        raise NotThere

    with pytest.raises(NotThere):
        await written(parts, work)
    assert await parts.read(ALL.all) == []
