"""How a group of jobs becomes transactions, per engine and per direction."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import Any

from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, RootTransaction
from sqlalchemy.exc import DBAPIError

from kit.db.failures import failure_of, is_repeatable, unavailable
from kit.db.held import HeldConnection
from kit.db.lanes import Job
from kit.errors import Conflict, Unavailable
from kit.events.outbox import EVENTS_ADDED
from voxreel.common.v1 import error_reason_pb2 as reasons

_WRITE_ATTEMPTS = 5
_READ_ATTEMPTS = 2
_jitter = secrets.SystemRandom()


class _LostInWork(Exception):
    """The connection was lost before the commit, so nothing was written."""


class _SwallowedError(Exception):
    """PostgreSQL answers the commit of a transaction with a failed statement by a silent rollback."""


class SqliteWriter:
    """Runs a group in one transaction, each job of several in a savepoint: many writers share one flush."""

    def __init__(self, engine: Engine) -> None:
        self._held = HeldConnection(engine)

    def run(self, jobs: Sequence[Job]) -> bool:
        if len(jobs) > 1:
            try:
                return self._commit_together(jobs)
            except (DBAPIError, sqlite3.Error):
                # The commit failed and took everybody with it: find out below whose fault it was.
                self._held.drop()
            except Unavailable:
                _refuse(jobs)
                return False
        return self._commit_each(jobs)

    def _commit_each(self, jobs: Sequence[Job]) -> bool:
        has_events = False
        for done, job in enumerate(jobs):
            try:
                has_events |= self._commit_together([job])
            except Unavailable:
                # Those behind would wait for the lock as long, and in vain.
                _refuse(jobs[done:])
                break
            except Exception as error:
                self._held.drop()
                job.fail(failure_of(job.error or error))
        return has_events

    def _commit_together(self, jobs: Sequence[Job]) -> bool:
        """Raises Unavailable when the transaction cannot begin, and what made the whole of it fail."""
        transaction = self._held.begin()
        connection = transaction.connection
        driver: Any = connection.connection.driver_connection
        with transaction:
            if len(jobs) == 1:
                # Nobody else is in it, and for a savepoint SQLite would keep what every page was before.
                _run_or_undo(jobs[0], connection, transaction.rollback)
            else:
                for job in jobs:
                    driver.execute("SAVEPOINT job")
                    _run_or_undo(job, connection, lambda: driver.execute("ROLLBACK TO job"))
                    driver.execute("RELEASE job")
        return bool(connection.info.pop(EVENTS_ADDED, False))

    def close(self) -> None:
        self._held.drop()


def _run_or_undo(job: Job, connection: Connection, undo: Callable[[], object]) -> None:
    job.run(connection)
    if job.error is not None:
        job.fail(failure_of(job.error))
        undo()


class PostgresWriter:
    """Runs each job in a transaction of its own. Repeats it when the server asks for that, and once when the
    connection was lost before the commit."""

    def __init__(self, engine: Engine) -> None:
        self._held = HeldConnection(engine)

    def run(self, jobs: Sequence[Job]) -> bool:
        outcomes = [self._run_one(job) for job in jobs]
        return any(outcomes)

    def _run_one(self, job: Job) -> bool:
        is_reconnected = False
        for attempt in range(1, _WRITE_ATTEMPTS + 1):
            try:
                return self._commit(job)
            except _LostInWork:
                if is_reconnected:
                    job.fail(unavailable())
                    return False
                is_reconnected = True
            except Exception as error:
                if not is_repeatable(error):
                    job.fail(failure_of(error))
                    return False
                time.sleep(_jitter.uniform(0, 0.01 * 2**attempt))
        job.fail(Conflict(reasons.ERROR_REASON_CONCURRENT_UPDATE, "数据正被其他请求修改，请重试"))
        return False

    def _commit(self, job: Job) -> bool:
        transaction = self._held.begin()
        connection = transaction.connection
        connection.info.pop(EVENTS_ADDED, None)
        with transaction:
            job.run(connection)
            if connection.invalidated:
                raise _LostInWork from job.error
            if job.error is not None:
                raise job.error
            if _has_failed_statement(connection):
                raise _SwallowedError("the work went on after a statement had failed")
        return bool(connection.info.pop(EVENTS_ADDED, False))

    def close(self) -> None:
        self._held.drop()


class Reader:
    """Runs a group of reads; on SQLite all see one snapshot, on PostgreSQL each statement its own. Reads are
    repeated once when the connection was lost."""

    def __init__(self, engine: Engine) -> None:
        self._held = HeldConnection(engine)

    def run(self, jobs: Sequence[Job]) -> bool:
        waiting = jobs
        try:
            for _ in range(_READ_ATTEMPTS):
                waiting = self._read(waiting)
                if not waiting:
                    return False
        except Unavailable:
            # No transaction could begin: `waiting` is as it was.
            pass
        _refuse(waiting)
        return False

    def _read(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """Answers the jobs that found the connection lost. Raises Unavailable before it has run any."""
        transaction = self._held.begin()
        connection = transaction.connection
        try:
            for done, job in enumerate(jobs):
                job.run(connection)
                if connection.invalidated:
                    return jobs[done:]
                if job.error is not None:
                    job.fail(failure_of(job.error))
            return ()
        finally:
            self._end(transaction)

    def _end(self, transaction: RootTransaction) -> None:
        try:
            transaction.close()
        except DBAPIError:
            # What was read is good all the same.
            self._held.drop()

    def close(self) -> None:
        self._held.drop()


def _refuse(jobs: Sequence[Job]) -> None:
    for job in jobs:
        job.fail(unavailable())


def _has_failed_statement(connection: Connection) -> bool:
    driver: Any = connection.connection.driver_connection
    return bool(driver.info.transaction_status == TransactionStatus.INERROR)
