"""Writes that are sent without waiting for what became of those before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from kit.db.prepared import core_error

_CHECKS = "pipeline_checks"


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """Within it PostgreSQL works at one lean write while the next is being made: nothing but rows is waited for.

    Only lean statements may be run in it, and how many rows a write wrote is known at its end. What the database
    refuses is raised by a later statement or at the end. SQLite has no way to the server to save: nothing changes.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.driver_connection
    checks: list[Callable[[], None]] = []
    connection.info[_CHECKS] = checks
    try:
        with driver.pipeline():
            yield
    except connection.dialect.loaded_dbapi.Error as error:
        raise core_error(error, connection, "") from error
    finally:
        del connection.info[_CHECKS]
    for check in checks:
        check()


def when_answered(connection: Connection, check: Callable[[], None]) -> None:
    """Runs the check of what a write did: now, or at the end of the pipeline that the write is in."""
    checks: list[Callable[[], None]] | None = connection.info.get(_CHECKS)
    if checks is None:
        check()
    else:
        checks.append(check)
