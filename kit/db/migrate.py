"""Schema migrations of one service: an alembic tree of its own, run by code.

A service's `migrations/env.py` is two lines:

    from kit.db.migrate import run_migrations
    run_migrations(BillingTable.metadata)

All revisions of one upgrade run in one transaction under a lock, so replicas that start together do not race and a
failure leaves the schema as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

_LOCK_WAIT_S = 60
# Any number that nothing else in a service's own database uses.
_ADVISORY_LOCK = 0x766F7872


def upgrade(url: str, script_location: Path, *, revision: str = "head") -> None:
    """Brings the schema to a revision, the newest if none is named. Blocks: call it in a thread. Raises what the driver
    raises."""
    config = _config(script_location)
    with _exclusive_connection(make_url(url)) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def is_at_head(url: str, script_location: Path) -> bool:
    """Whether the schema is at the newest revision this code knows, or at one it does not know yet.

    A newer schema is accepted: while a release rolls out, the former code runs on it. Blocks: call it in a thread.
    """
    scripts = ScriptDirectory.from_config(_config(script_location))
    current = _current_revisions(make_url(url))
    known = {revision.revision for revision in scripts.walk_revisions()}
    return current == set(scripts.get_heads()) or bool(current - known)


class NotAtHeadError(Exception):
    """The schema is older than the code."""


class MigrationCheck:
    """A health check: passes from the moment the schema is at head. A schema never goes back, so then it rests."""

    def __init__(self, url: str, script_location: Path) -> None:
        self._url = url
        self._script_location = script_location
        self._has_passed = False

    async def run(self) -> None:
        """Raises NotAtHeadError, or what the driver raises."""
        if self._has_passed:
            return
        if not await asyncio.to_thread(is_at_head, self._url, self._script_location):
            raise NotAtHeadError
        self._has_passed = True


def run_migrations(metadata: MetaData) -> None:
    """Runs what alembic asked for on the connection `upgrade` handed over. Only for a service's env.py."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    context.run_migrations()


def _config(script_location: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(script_location).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _current_revisions(url: URL) -> set[str]:
    engine = create_engine(_driver(url), poolclass=NullPool)
    with engine.connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads())


@contextmanager
def _exclusive_connection(url: URL) -> Iterator[Connection]:
    engine = create_engine(_driver(url), poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        _ensure_parent(url)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_WAIT_S}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        yield connection


def _driver(url: URL) -> URL:
    return url.set(drivername="sqlite") if url.get_backend_name() == "sqlite" else url


def _ensure_parent(url: URL) -> None:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver would commit before every DDL statement; transactions are begun by the engine's event instead.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {_LOCK_WAIT_S * 1000}")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
