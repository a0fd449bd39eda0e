"""The migrations of auth make exactly the schema the code expects, on both engines."""

from __future__ import annotations

import asyncio

from kit.db.migrate import is_at_head, upgrade
from services.auth.store.tables import AuthTable
from tests.store.migrated import SERVICES, migrated_database, schema_differences

MIGRATIONS = SERVICES / "auth" / "migrations"


async def test_the_migrated_schema_is_the_one_of_the_tables(database_url: str) -> None:
    async with migrated_database(database_url, "auth") as database:
        differences = await database.read(lambda connection: schema_differences(connection, AuthTable.metadata))
    assert differences == []


async def test_migrating_again_changes_nothing(database_url: str) -> None:
    await asyncio.to_thread(upgrade, database_url, MIGRATIONS)
    await asyncio.to_thread(upgrade, database_url, MIGRATIONS)
    assert await asyncio.to_thread(is_at_head, database_url, MIGRATIONS)
