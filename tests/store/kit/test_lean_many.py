"""Many rows as one statement, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Connection, LargeBinary, Table, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import AutoString

from kit.db.database import Database
from kit.db.lean_many import LeanInsertMany, LeanUpdateMany
from kit.db.types import UtcDateTime, new_metadata

METADATA = new_metadata()
THINGS = Table(
    "things",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    # As the columns of SQLModel are.
    Column("text", AutoString(4), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("time", UtcDateTime(), nullable=True),
    Column("version", BigInteger, nullable=False),
)
ADD = LeanInsertMany(tuple(THINGS.columns))
RENAME = LeanUpdateMany(
    THINGS,
    keys={"thing": THINGS.c.id, "seen": THINGS.c.version},
    values={"new_text": THINGS.c.text, "new_version": THINGS.c.version},
    only=[THINGS.c.text != "kept"],
)
NOW = datetime(2026, 5, 4, 10, 0, 0, 250, tzinfo=UTC)


class NotThere(Exception):
    """A row to rename is not there."""


def renaming(number: int) -> dict[str, Any]:
    return {"thing": number, "seen": 0, "new_text": f"n{number}", "new_version": 10 + number}


def thing(
    number: int, *, text: str = "字'\"{", time: datetime | None = None, version: int = 0
) -> tuple[int, str, bytes, datetime | None, int]:
    return (number, text, b"\x00\xff", time, version)


@pytest.fixture
async def things(database: Database) -> Database:
    await database.write(METADATA.create_all)
    return database


async def all_of(database: Database) -> list[tuple[Any, ...]]:
    def read(connection: Connection) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in connection.execute(select(THINGS).order_by(THINGS.c.id))]

    return await database.read(read)


async def test_rows_are_inserted_as_they_are(things: Database) -> None:
    await things.write(lambda c: ADD.run(c, [thing(1), thing(2, time=NOW), thing(2**40)]))
    await things.write(lambda c: ADD.run(c, []))
    assert await all_of(things) == [
        (1, "字'\"{", b"\x00\xff", None, 0),
        (2, "字'\"{", b"\x00\xff", NOW, 0),
        (2**40, "字'\"{", b"\x00\xff", None, 0),
    ]


async def test_one_row_that_is_refused_refuses_all(things: Database) -> None:
    with pytest.raises(IntegrityError):
        await things.write(lambda c: ADD.run(c, [thing(1), thing(2), thing(1)]))
    assert await all_of(things) == []


async def test_a_text_that_is_too_long_is_not_cut_off(things: Database) -> None:
    if things.dialect_name == "sqlite":
        await things.write(lambda c: ADD.run(c, [thing(1, text="12345")]))
        assert (await all_of(things))[0][1] == "12345"
        return
    with pytest.raises(DBAPIError):
        await things.write(lambda c: ADD.run(c, [thing(1, text="12345")]))


async def test_rows_are_updated_where_all_keys_agree(things: Database) -> None:
    await things.write(lambda c: ADD.run(c, [thing(1), thing(2, version=7), thing(3, text="kept"), thing(4)]))
    await things.write(lambda c: RENAME.run(c, [renaming(1), renaming(4)], otherwise=NotThere))
    assert [(row[1], row[4]) for row in await all_of(things)] == [
        ("n1", 11),
        ("字'\"{", 7),
        ("kept", 0),
        ("n4", 14),
    ]


@pytest.mark.parametrize("number", [2, 3, 9], ids=["another version", "kept", "nobody"])
async def test_one_row_that_is_not_found_changes_none(things: Database, number: int) -> None:
    await things.write(lambda c: ADD.run(c, [thing(1), thing(2, version=7), thing(3, text="kept")]))
    before = await all_of(things)
    with pytest.raises(NotThere):
        await things.write(lambda c: RENAME.run(c, [renaming(1), renaming(number)], otherwise=NotThere))
    assert await all_of(things) == before
