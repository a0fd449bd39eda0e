"""Searching parts of texts, the same on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Connection, MetaData, String, Table, insert, select

from kit.db.contains_text import contains_folded, contains_text
from kit.db.database import Database

_METADATA = MetaData()
_NOTES = Table("notes", _METADATA, Column("note", String(200), primary_key=True))
NOTES = ("TTS语音合成", "客服补偿 50%", "a_b", "acb", "a/b", "a\\b", "ÄRGER", "")


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("tts语", ["TTS语音合成"]),
        ("补偿", ["客服补偿 50%"]),
        ("50%", ["客服补偿 50%"]),
        ("A_B", ["a_b"]),
        ("a/b", ["a/b"]),
        ("%", ["客服补偿 50%"]),
        ("ÄR", ["ÄRGER"]),
        ("är", []),
        ("\\", ["a\\b"]),
        ("/", ["a/b"]),
        ("", list(NOTES)),
    ],
)
async def test_the_part_is_found_as_it_is_written_but_for_case(database: Database, part: str, found: list[str]) -> None:
    await database.write(_METADATA.create_all)
    await database.write(lambda connection: connection.execute(insert(_NOTES), [{"note": note} for note in NOTES]))

    def read(connection: Connection) -> list[str]:
        return list(connection.scalars(select(_NOTES.c.note).where(contains_text(_NOTES.c.note, part))))

    assert sorted(await database.read(read)) == sorted(found)


async def test_one_statement_serves_every_part(database: Database) -> None:
    """Compiled statements are kept: what they look for must not be kept with them."""
    await database.write(_METADATA.create_all)
    await database.write(lambda connection: connection.execute(insert(_NOTES), [{"note": note} for note in NOTES]))
    async with database.session() as session:
        connection = await session.connection()
        for part in ("tts", "补偿"):
            (note,) = await connection.scalars(select(_NOTES.c.note).where(contains_text(_NOTES.c.note, part)))
            assert part in note.lower()


async def test_a_text_kept_in_lower_case_is_searched_in_either(database: Database) -> None:
    await database.write(_METADATA.create_all)
    kept = [{"note": note.lower()} for note in ("Anna_1", "HANNA", "Anno%")]
    await database.write(lambda connection: connection.execute(insert(_NOTES), kept))

    def read(connection: Connection) -> list[list[str]]:
        return [
            sorted(connection.scalars(select(_NOTES.c.note).where(contains_folded(_NOTES.c.note, part))))
            for part in ("AnnA", "a_", "%", "b")
        ]

    assert await database.read(read) == [["anna_1", "hanna"], ["anna_1"], ["anno%"], []]
