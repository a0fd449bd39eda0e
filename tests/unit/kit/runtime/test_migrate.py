from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, inspect, text

from kit.db.migrate import MigrationCheck, NotAtHeadError, is_at_head, upgrade
from tests.unit.kit.runtime.sample_app import MIGRATIONS

FAILING = """
from alembic import op
import sqlalchemy as sa
revision = "0003"
down_revision = "0002"

def upgrade():
    op.create_table("half", sa.Column("id", sa.Integer, primary_key=True))
    raise RuntimeError("half-way")
"""


@pytest.fixture
def engine(database_url: str) -> Engine:
    return create_engine(database_url)


def revisions(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(text("SELECT version_num FROM alembic_version")))


def test_upgrade_brings_an_empty_database_to_head_and_again_changes_nothing(database_url: str, engine: Engine) -> None:
    assert not is_at_head(database_url, MIGRATIONS)
    for _ in range(2):
        upgrade(database_url, MIGRATIONS)
        assert is_at_head(database_url, MIGRATIONS)
        assert revisions(engine) == ["0002"]
        assert [column["name"] for column in inspect(engine).get_columns("thing")] == ["id", "name"]
    engine.dispose()


async def test_replicas_that_start_together_do_not_race(database_url: str, engine: Engine) -> None:
    await asyncio.gather(*(asyncio.to_thread(upgrade, database_url, MIGRATIONS) for _ in range(4)))
    assert revisions(engine) == ["0002"]
    engine.dispose()


def test_a_failing_revision_leaves_the_schema_as_it_was(database_url: str, engine: Engine, tmp_path: Path) -> None:
    location = tmp_path / "migrations"
    (location / "versions").mkdir(parents=True)
    for source in (MIGRATIONS / "env.py", *(MIGRATIONS / "versions").glob("*.py")):
        (location / source.relative_to(MIGRATIONS)).write_text(source.read_text())
    upgrade(database_url, MIGRATIONS)
    (location / "versions" / "0003_failing.py").write_text(FAILING)
    with pytest.raises(RuntimeError, match="half-way"):
        upgrade(database_url, location)
    assert revisions(engine) == ["0002"]
    assert not inspect(engine).has_table("half")
    assert not is_at_head(database_url, location)
    engine.dispose()


def test_a_newer_schema_is_accepted(database_url: str, engine: Engine) -> None:
    upgrade(database_url, MIGRATIONS)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0009'"))
    assert is_at_head(database_url, MIGRATIONS)
    engine.dispose()


async def test_the_health_check_passes_once_the_schema_is_at_head(database_url: str) -> None:
    check = MigrationCheck(database_url, MIGRATIONS)
    with pytest.raises(NotAtHeadError):
        await check.run()
    await asyncio.to_thread(upgrade, database_url, MIGRATIONS)
    await check.run()
