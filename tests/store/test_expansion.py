"""Each migration of each service leaves code of the release before it able to work, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import pytest
from sqlalchemy import Connection, text

from kit.db.migrate import upgrade
from tests.databases import open_database
from tests.store.expansion import breaks, tables_of
from tests.store.migrated import SERVICES, revisions_of

NAMES = ("auth", "billing", "files", "speech", "video")


@pytest.mark.parametrize("service", NAMES)
async def test_no_migration_takes_anything_away_or_demands_anything_new(service: str, database_url: str) -> None:
    schemas = []
    for revision in revisions_of(service):
        await asyncio.to_thread(upgrade, database_url, SERVICES / service / "migrations", revision=revision)
        async with open_database(database_url) as database:
            schemas.append((revision, await database.read(tables_of)))
    problems = [
        f"{revision}: {problem}"
        for (_, former), (revision, latter) in pairwise(schemas)
        for problem in breaks(former, latter)
    ]
    assert problems == []
    assert len(schemas) > 1 and schemas[-1][1]


FORMER = "CREATE TABLE things (id INTEGER PRIMARY KEY, name VARCHAR(10) NOT NULL DEFAULT '', note VARCHAR(10))"
OTHERS = "CREATE TABLE others (id INTEGER PRIMARY KEY)"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("ALTER TABLE things ADD COLUMN more VARCHAR(10)", ""),
        ("ALTER TABLE things ADD COLUMN more VARCHAR(10) NOT NULL DEFAULT 'x'", ""),
        ("ALTER TABLE things ADD COLUMN more VARCHAR(10) CHECK (more <> '')", ""),
        ("ALTER TABLE things ADD COLUMN more INTEGER REFERENCES others (id)", ""),
        ("CREATE INDEX by_name ON things (name)", ""),
        ("CREATE TABLE latest (id INTEGER PRIMARY KEY, name VARCHAR(10) NOT NULL UNIQUE)", ""),
        ("DROP TABLE others", "others is gone"),
        ("ALTER TABLE things DROP COLUMN note", "things: column note is gone"),
        ("ALTER TABLE things RENAME COLUMN note TO remark", "things: column note is gone"),
        ("CREATE UNIQUE INDEX one_name ON things (name)", "things: a new rule about name"),
    ],
)
async def test_what_counts_as_a_break(change: str, problem: str, database_url: str) -> None:
    assert await _breaks_of(database_url, change) == ([problem] if problem else [])


@pytest.mark.parametrize(
    ("latter", "problem"),
    [
        ("id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '', note VARCHAR(10)", "column name was VARCHAR(10)"),
        ("id INTEGER PRIMARY KEY, name VARCHAR(10) NOT NULL, note VARCHAR(10)", "column name has no default any more"),
        (
            "id INTEGER PRIMARY KEY, name VARCHAR(10) NOT NULL DEFAULT '', note VARCHAR(10) NOT NULL",
            "column note may not be null any more",
        ),
        (
            "id INTEGER PRIMARY KEY, name VARCHAR(10) NOT NULL DEFAULT '', note VARCHAR(10), more INTEGER NOT NULL",
            "new column more must be given",
        ),
        (
            "id INTEGER PRIMARY KEY, name VARCHAR(10) NOT NULL DEFAULT '' CHECK (name <> 'x'), note VARCHAR(10)",
            "a new condition",
        ),
        (
            "id INTEGER, name VARCHAR(10) NOT NULL DEFAULT '', note VARCHAR(10), PRIMARY KEY (id, name)",
            "the primary key is another",
        ),
        (
            "id INTEGER PRIMARY KEY REFERENCES others (id), name VARCHAR(10) NOT NULL DEFAULT '', note VARCHAR(10)",
            "a new rule about id",
        ),
    ],
)
async def test_what_a_table_made_anew_breaks(latter: str, problem: str, database_url: str) -> None:
    found = await _breaks_of(database_url, "DROP TABLE things", f"CREATE TABLE things ({latter})")
    assert any(each.startswith(f"things: {problem}") for each in found), found


async def _breaks_of(database_url: str, *changes: str) -> list[str]:
    async with open_database(database_url) as database:
        schemas = []
        for statements in ((FORMER, OTHERS), changes):
            await database.write(partial(_execute, statements))
            schemas.append(await database.read(tables_of))
    return list(breaks(*schemas))


def _execute(statements: Sequence[str], connection: Connection) -> None:
    for statement in statements:
        connection.execute(text(statement))
