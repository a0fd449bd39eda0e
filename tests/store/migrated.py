"""Databases as a service's migrations make them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData

from kit.db.database import Database
from kit.db.migrate import upgrade
from tests.databases import open_database

SERVICES = Path(__file__).resolve().parents[2] / "services"


def revisions_of(service: str) -> list[str]:
    """Of a service, from the first to the newest."""
    config = Config()
    config.set_main_option("script_location", str(SERVICES / service / "migrations"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    return [each.revision for each in scripts.walk_revisions()][::-1]


@asynccontextmanager
async def migrated_database(url: str, service: str) -> AsyncIterator[Database]:
    """An open database of the service, at head."""
    await asyncio.to_thread(upgrade, url, SERVICES / service / "migrations")
    async with open_database(url) as database:
        yield database


def schema_differences(connection: Connection, metadata: MetaData) -> list[str]:
    """How the schema differs from the metadata, one line each."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found = compare_metadata(context, metadata)
    return [str(difference) for difference in found if "alembic_version" not in str(difference)]
