"""Turns to submit to a provider: one row per limit tells when the next is free, by the clock of the database, which all
replicas share."""

from __future__ import annotations

from sqlalchemy import BigInteger, ColumnElement, Connection, Insert, bindparam, cast, func, literal
from sqlalchemy.dialects import postgresql, sqlite

from kit.db.lean_write import LeanWrite
from services.speech.store.tables import SUBMISSION_TURNS

_UNIX_EPOCH_DAY = 2_440_587.5
_DAY_US = 86_400_000_000
_US_PER_S = 1_000_000


def _reserve_statement(dialect: str) -> Insert:
    is_postgresql = dialect == "postgresql"
    insert = (postgresql.insert if is_postgresql else sqlite.insert)(SUBMISSION_TURNS)
    later = func.greatest if is_postgresql else func.max
    now = now_us(is_postgresql=is_postgresql)
    interval = bindparam("interval_us", type_=BigInteger)
    free_at = SUBMISSION_TURNS.c.free_at_us
    return (
        insert.values(name=bindparam("name"), free_at_us=now + interval)
        .on_conflict_do_update(
            index_elements=[SUBMISSION_TURNS.c.name],
            set_={"free_at_us": later(free_at, now) + interval},
            where=free_at <= now + bindparam("within_us", type_=BigInteger),
        )
        .returning(cast(free_at - interval - now, BigInteger))
    )


def now_us(*, is_postgresql: bool) -> ColumnElement[int]:
    """Microseconds of Unix time by the clock of the database."""
    if is_postgresql:
        return cast(func.extract("epoch", func.clock_timestamp()) * _US_PER_S, BigInteger)
    return cast((func.julianday(literal("now")) - _UNIX_EPOCH_DAY) * _DAY_US, BigInteger)


_RESERVE = LeanWrite(_reserve_statement)


class SubmissionTurnRepository:
    """The turns, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reserve(self, name: str, *, interval_us: int, within_us: int) -> int | None:
        """Microseconds until the turn that is the caller's now; None, with nothing reserved, if that would be later
        than in `within_us`."""
        waits = _RESERVE.returning_each(self._connection, name=name, interval_us=interval_us, within_us=within_us)
        return max(int(waits[0]), 0) if waits else None
