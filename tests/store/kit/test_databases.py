"""Both engines of the suites are there and empty."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, Table, insert, select

from kit.db.database import Database

_metadata = MetaData()
_things = Table("thing", _metadata, Column("id", Integer, primary_key=True))


async def test_a_fresh_database_takes_tables_and_rows(database: Database) -> None:
    await database.write(_metadata.create_all)
    await database.write(lambda connection: connection.execute(insert(_things), {"id": 7}) and None)
    assert await database.read(lambda connection: connection.scalars(select(_things.c.id)).all()) == [7]
