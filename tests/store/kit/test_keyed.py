"""Reads by key that share a statement."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from sqlalchemy import Column, Connection, Integer, String, Table, insert, select

from kit.db.any_of import AnyOf
from kit.db.database import Database
from kit.db.keyed import KeyedReads
from kit.db.lean import LeanQuery
from kit.db.types import new_metadata
from kit.errors import NotFound
from voxreel.common.v1 import error_reason_pb2 as reasons

METADATA = new_metadata()
WORDS = Table("words", METADATA, Column("id", Integer, primary_key=True), Column("text", String))
BY_IDS = LeanQuery(select(WORDS.c.id, WORDS.c.text).where(AnyOf(WORDS.c.id, "ids")))
BY_TEXTS = LeanQuery(select(WORDS.c.id).where(AnyOf(WORDS.c.text, "texts")).order_by(WORDS.c.id))
COUNT = 2000


class Dictionary:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, connection: Connection, ids: Sequence[int]) -> Mapping[int, str]:
        self.asked.append(len(ids))
        if -1 in ids:
            raise NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, "文件不存在")
        if -2 in ids:
            raise ValueError("a bug")
        return {row[0]: row[1] for row in BY_IDS.all(connection, ids=ids)}


@pytest.fixture
async def words(database: Database) -> Database:
    await database.write(METADATA.create_all)
    rows = [{"id": number, "text": f"word '{number}' \"字\""} for number in range(COUNT)]
    await database.write(lambda connection: connection.execute(insert(WORDS), rows) and None)
    return database


async def test_keys_of_one_turn_share_a_statement(words: Database) -> None:
    dictionary = Dictionary()
    reads = KeyedReads(words, dictionary)
    found = await asyncio.gather(*[reads.get(number % 50) for number in range(100)], reads.get(COUNT + 1))
    assert found[:100] == [f"word '{number % 50}' \"字\"" for number in range(100)]
    assert found[100] is None
    assert dictionary.asked == [51]


async def test_very_many_keys_are_read_in_parts(words: Database) -> None:
    dictionary = Dictionary()
    reads = KeyedReads(words, dictionary)
    found = await asyncio.gather(*[reads.get(number) for number in range(COUNT)])
    assert all(text is not None for text in found)
    assert dictionary.asked == [500, 500, 500, 500]


@pytest.mark.parametrize(("key", "kind"), [(-1, NotFound), (-2, RuntimeError)])
async def test_a_failure_is_everybodys_each_with_an_error_of_its_own(
    words: Database, key: int, kind: type[Exception]
) -> None:
    reads = KeyedReads(words, Dictionary())
    results = await asyncio.gather(reads.get(1), reads.get(key), reads.get(key), return_exceptions=True)
    assert all(isinstance(result, kind) for result in results)
    assert len({id(result) for result in results}) == 3
    assert await reads.get(1) is not None


async def test_who_leaves_takes_nobody_along(words: Database) -> None:
    reads = KeyedReads(words, Dictionary())
    leaving, staying = asyncio.ensure_future(reads.get(1)), asyncio.ensure_future(reads.get(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == "word '2' \"字\""


async def test_a_read_sees_what_was_written_before_it_was_asked_for(words: Database) -> None:
    reads = KeyedReads(words, Dictionary())
    for number in range(COUNT, COUNT + 20):
        await words.write(
            lambda connection, number=number: connection.execute(insert(WORDS).values(id=number, text="new")) and None
        )
        assert await reads.get(number) == "new"


async def test_any_of_takes_texts_and_nothing(words: Database) -> None:
    texts = ["word '7' \"字\"", "nobody's", "word '3' \"字\""]
    assert await words.read(lambda c: BY_TEXTS.all(c, texts=texts)) == [(3,), (7,)]
    assert await words.read(lambda c: BY_TEXTS.all(c, texts=[])) == []
