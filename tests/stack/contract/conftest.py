"""One journey on each database, shared by all tests that look at its answers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from cli.stack.names import SERVICES
from tests.databases import PostgresServer, postgres_server
from tests.stack.contract.journey import JOURNEY
from tests.stack.contract.travel import Exchange, travel
from tests.stack.harness import stack

__all__ = ["postgres_server", "postgresql_answers", "sqlite_answers"]


@pytest.fixture(scope="session")
def sqlite_answers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Exchange]:
    """What a stack answers whose services keep SQLite files."""
    return asyncio.run(_answers(tmp_path_factory.mktemp("sqlite")))


@pytest.fixture(scope="session")
def postgresql_answers(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Mapping[str, Exchange]:
    """What a stack answers whose services have a PostgreSQL database each."""
    with ExitStack() as databases:
        settings = {
            f"VOXREEL_{service.upper()}_DB__URL": databases.enter_context(postgres_server.fresh_database())
            for service in SERVICES
        }
        return asyncio.run(_answers(tmp_path_factory.mktemp("postgresql"), **settings))


async def _answers(folder: Path, **settings: str) -> Mapping[str, Exchange]:
    async with stack(folder / "data", "--single-process", **settings) as running:
        answers = await travel(running, JOURNEY)
        assert await running.stop() == 0
        return answers
