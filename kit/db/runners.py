"""How a group of jobs becomes transactions, per engine and per direction."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from kit.db.lanes import Job
from kit.errors import Conflict, Unavailable
from kit.events.outbox import EVENTS_ADDED
from voxreel.common.v1 import error_reason_pb2 as reasons

# Serialization failure and deadlock (PostgreSQL, appendix A of its manual).
_RETRIED_STATES = frozenset({"40001", "40P01"})
_WRITE_ATTEMPTS = 5
_jitter = secrets.SystemRandom()


def _unavailable() -> Unavailable:
    return Unavailable(reasons.ERROR_REASON_SERVICE_UNAVAILABLE, "数据库暂时不可用，请稍后重试", retry_after_s=1)


def _run_job(job: Job, connection: Connection) -> None:
    job.result = job.context.run(job.work, connection)


class _Held:
    """A connection that is opened again after it broke."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def get(self) -> Connection:
        if self._connection is not None and (self._connection.invalidated or self._connection.closed):
            self.drop()
        if self._connection is None:
            try:
                self._connection = self._engine.connect()
            except OperationalError as error:
                raise _unavailable() from error
        return self._connection

    def drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class SqliteWriter:
    """Runs a group in one transaction, each job in a savepoint of its own: many writers share one flush."""

    def __init__(self, engine: Engine) -> None:
        self._held = _Held(engine)

    def run(self, jobs: Sequence[Job]) -> bool:
        try:
            return self._commit_together(jobs)
        except (DBAPIError, sqlite3.Error):
            self._held.drop()
            if len(jobs) == 1:
                raise
        # The commit itself failed and took everybody with it: find out whose fault it was.
        outcomes = [self._commit_alone(job) for job in jobs]
        return any(outcomes)

    def _commit_together(self, jobs: Sequence[Job]) -> bool:
        connection = self._held.get()
        driver: Any = connection.connection.driver_connection
        for job in jobs:
            job.result, job.error = None, None
        with connection.begin():
            for job in jobs:
                driver.execute("SAVEPOINT job")
                try:
                    _run_job(job, connection)
                except Exception as error:
                    job.error = error
                    driver.execute("ROLLBACK TO job")
                driver.execute("RELEASE job")
        return bool(connection.info.pop(EVENTS_ADDED, False))

    def _commit_alone(self, job: Job) -> bool:
        try:
            return self._commit_together([job])
        except Exception as error:
            self._held.drop()
            job.error = error
            return False

    def close(self) -> None:
        self._held.drop()


class PostgresWriter:
    """Runs each job in a transaction of its own and repeats it when the server asks for that."""

    def __init__(self, engine: Engine) -> None:
        self._held = _Held(engine)

    def run(self, jobs: Sequence[Job]) -> bool:
        outcomes = [self._run_one(job) for job in jobs]
        return any(outcomes)

    def _run_one(self, job: Job) -> bool:
        for attempt in range(1, _WRITE_ATTEMPTS + 1):
            try:
                connection = self._held.get()
                connection.info.pop(EVENTS_ADDED, None)
                with connection.begin():
                    _run_job(job, connection)
                return bool(connection.info.pop(EVENTS_ADDED, False))
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _RETRIED_STATES:
                    job.error = _unavailable() if error.connection_invalidated else error
                    return False
                time.sleep(_jitter.uniform(0, 0.01 * 2**attempt))
            except Exception as error:
                job.error = error
                return False
        job.error = Conflict(reasons.ERROR_REASON_CONCURRENT_UPDATE, "数据正被其他请求修改，请重试")
        return False

    def close(self) -> None:
        self._held.drop()


class Reader:
    """Runs a group of reads; on SQLite all see one snapshot, on PostgreSQL each statement its own."""

    def __init__(self, engine: Engine) -> None:
        self._held = _Held(engine)

    def run(self, jobs: Sequence[Job]) -> bool:
        connection = self._held.get()
        with connection.begin() as transaction:
            for job in jobs:
                try:
                    _run_job(job, connection)
                except DBAPIError as error:
                    job.error = _unavailable() if error.connection_invalidated else error
                except Exception as error:
                    job.error = error
            if not connection.invalidated:
                transaction.rollback()
        return False

    def close(self) -> None:
        self._held.drop()
