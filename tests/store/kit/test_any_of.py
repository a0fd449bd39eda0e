"""One statement for any number of values."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Connection, Integer, String, Table, insert, select

from kit.db.any_of import AnyOf
from kit.db.database import Database
from kit.db.lean import LeanQuery
from kit.db.types import new_metadata

METADATA = new_metadata()
WORDS = Table("words", METADATA, Column("id", Integer, primary_key=True), Column("text", String))
BY_IDS = LeanQuery(select(WORDS.c.id).where(AnyOf(WORDS.c.id, "ids")).order_by(WORDS.c.id))
BY_TEXTS = LeanQuery(select(WORDS.c.id).where(AnyOf(WORDS.c.text, "texts")).order_by(WORDS.c.id))
COUNT = 2000


@pytest.fixture
async def words(database: Database) -> Database:
    await database.write(METADATA.create_all)
    rows = [{"id": number, "text": f"word '{number}' \"字\""} for number in range(COUNT)]
    await database.write(lambda connection: connection.execute(insert(WORDS), rows) and None)
    return database


async def test_it_takes_numbers_and_as_many_as_there_are(words: Database) -> None:
    asked = list(range(0, COUNT * 2, 2))
    found = await words.read(lambda c: BY_IDS.all(c, ids=asked))
    assert [row[0] for row in found] == list(range(0, COUNT, 2))


async def test_it_takes_texts(words: Database) -> None:
    texts = ["word '7' \"字\"", "nobody's", "word '3' \"字\""]
    assert await words.read(lambda c: BY_TEXTS.all(c, texts=texts)) == [(3,), (7,)]


async def test_it_takes_nothing(words: Database) -> None:
    assert await words.read(lambda c: BY_TEXTS.all(c, texts=[])) == []


async def test_it_uses_the_index_of_its_column(words: Database) -> None:
    """A table of this size is read by its key on either engine, if the statement lets it be."""

    def plan(connection: Connection) -> str:
        explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        statement = select(WORDS.c.id).where(AnyOf(WORDS.c.id, "ids"), WORDS.c.text.is_not(None))
        compiled = statement.compile(dialect=connection.dialect)
        keys = "[1, 2]" if connection.dialect.name == "sqlite" else [1, 2]
        arguments = (keys,) if compiled.positional else {"ids": keys}
        return str(connection.exec_driver_sql(explain + str(compiled), arguments).all())

    found = await words.read(plan)
    assert "SEARCH words USING INTEGER PRIMARY KEY" in found or "words_pkey" in found or "pk_words" in found, found
