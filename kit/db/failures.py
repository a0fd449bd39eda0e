"""What an error of the database means to whoever asked, and whether the same work may be tried again."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError, IntegrityError

from kit.errors import DomainError, Unavailable
from voxreel.common.v1 import error_reason_pb2 as reasons

# Serialization failure and deadlock (PostgreSQL, appendix A of its manual).
_REPEATED_STATES = frozenset({"40001", "40P01"})
_LOCK_NOT_AVAILABLE = "55P03"
# Connection exceptions, insufficient resources, and what operators and timeouts do.
_PASSING_CLASSES = frozenset({"08", "53", "57"})
# SQLite's result codes: what time, or whoever looks after the disk, heals.
_PASSING_CODES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
_PRIMARY_CODE = 0xFF
QUEUE_FULL = "queue_full"
_UNAVAILABLE, _CONSTRAINT, _ERROR = "unavailable", "constraint", "error"
CAUSES = (_UNAVAILABLE, _CONSTRAINT, QUEUE_FULL, _ERROR)
"""Words for what makes work on the database fail."""


def unavailable() -> Unavailable:
    """What a caller hears when the database is gone, locked or full."""
    return Unavailable(reasons.ERROR_REASON_SERVICE_UNAVAILABLE, "数据库暂时不可用，请稍后重试", retry_after_s=1)


def failure_of(error: BaseException) -> BaseException:
    """Unavailable for what passes by itself, any other error as it is."""
    if not _is_passing(error):
        return error
    failure = unavailable()
    failure.__cause__ = error
    return failure


def cause_of(error: BaseException) -> str:
    """One of the causes; empty for what the work itself found and says."""
    if isinstance(error, Unavailable):
        return _UNAVAILABLE
    if isinstance(error, DomainError):
        return ""
    if isinstance(error, IntegrityError | sqlite3.IntegrityError | psycopg.IntegrityError):
        return _CONSTRAINT
    return _ERROR


def is_repeatable(error: BaseException) -> bool:
    """Whether the server asked for the transaction to be done again."""
    return isinstance(error, DBAPIError) and _sqlstate(error.orig) in _REPEATED_STATES


def _is_passing(error: BaseException) -> bool:
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _is_passing_in_driver(error.orig)
    return _is_passing_in_driver(error)


def _is_passing_in_driver(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.Error):
        # An error the module itself raises has no code.
        return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE in _PASSING_CODES
    state = _sqlstate(error)
    return state == _LOCK_NOT_AVAILABLE or state[:2] in _PASSING_CLASSES


def _sqlstate(error: BaseException | None) -> str:
    return (error.sqlstate or "") if isinstance(error, psycopg.Error) else ""
