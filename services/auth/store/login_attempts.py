"""Counts and known addresses in the database, where all replicas count together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Insert, bindparam, case, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from kit.db.any_of import AnyOf
from kit.db.lean import LeanQuery
from kit.db.lean_write import LeanWrite
from services.auth.domain.counts import Count
from services.auth.store.tables import KNOWN_ADDRESSES, WRONG_PASSWORDS

_LIVE = select(WRONG_PASSWORDS.c.key, WRONG_PASSWORDS.c.wrong, WRONG_PASSWORDS.c.expire_time).where(
    AnyOf(WRONG_PASSWORDS.c.key, "keys"), WRONG_PASSWORDS.c.expire_time > bindparam("now")
)
_FIND = LeanQuery(_LIVE)
# Everybody takes the locks in the same order.
_LOCK = LeanQuery(_LIVE.order_by(WRONG_PASSWORDS.c.key).with_for_update())
_KNOWN = LeanQuery(
    select(KNOWN_ADDRESSES.c.digest).where(
        KNOWN_ADDRESSES.c.user_id == bindparam("user_id"),
        KNOWN_ADDRESSES.c.digest == bindparam("digest"),
        KNOWN_ADDRESSES.c.login_time > bindparam("since"),
    )
)


def _count(dialect: str) -> Insert:
    table = WRONG_PASSWORDS
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    values = {column.name: bindparam(column.name, type_=column.type) for column in table.columns}
    is_over = table.c.expire_time <= bindparam("now", type_=table.c.expire_time.type)
    one_more = {
        "wrong": case((is_over, insert.excluded.wrong), else_=table.c.wrong + insert.excluded.wrong),
        "expire_time": case((is_over, insert.excluded.expire_time), else_=table.c.expire_time),
    }
    counted = insert.values(values).on_conflict_do_update(index_elements=[table.c.key], set_=one_more)
    return counted.returning(table.c.wrong)


def _remember(dialect: str) -> Insert:
    table = KNOWN_ADDRESSES
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    values = {column.name: bindparam(column.name, type_=column.type) for column in table.columns}
    return insert.values(values).on_conflict_do_update(
        index_elements=[table.c.user_id, table.c.digest], set_={"login_time": insert.excluded.login_time}
    )


_COUNT = LeanWrite(_count)
_REMEMBER = LeanWrite(_remember)


class CountRepository:
    """Counts against abuse, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def full_until(self, counts: Sequence[Count], now: datetime) -> datetime | None:
        """When the last window ends of the counts that are at their limit; None when none is."""
        return _full_until(_FIND.all(self._connection, keys=_keys(counts), now=now), counts)

    def lock_full_until(self, counts: Sequence[Count], now: datetime) -> datetime | None:
        """The same, and nobody else adds to them until the transaction ends."""
        return _full_until(_LOCK.all(self._connection, keys=_keys(counts), now=now), counts)

    def add_one(self, counts: Sequence[Count], now: datetime) -> bool:
        """One more in each; False when that is beyond the limit of one of them."""
        numbers = {
            count.key: _COUNT.returning(
                self._connection, key=count.key, wrong=1, expire_time=now + count.limit.window, now=now
            )
            for count in sorted(counts, key=lambda count: count.key)
        }
        return all(numbers[count.key] <= count.limit.most for count in counts)

    def delete(self, count: Count) -> None:
        self._connection.execute(delete(WRONG_PASSWORDS).where(WRONG_PASSWORDS.c.key == count.key))

    def delete_expired(self, now: datetime, *, limit: int) -> int:
        """Deletes at most `limit` counts whose window is over; answers how many."""
        over = select(WRONG_PASSWORDS.c.key).where(WRONG_PASSWORDS.c.expire_time <= now).limit(limit)
        # Asked again at the row itself: whoever counts meanwhile begins anew.
        is_over = (WRONG_PASSWORDS.c.key.in_(over), WRONG_PASSWORDS.c.expire_time <= now)
        return self._connection.execute(delete(WRONG_PASSWORDS).where(*is_over)).rowcount


class KnownAddressRepository:
    """From where users have logged in, within one transaction. Guarded by the locks of their rows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def is_known(self, user_id: int, digest: str, *, since: datetime) -> bool:
        """Whether the user has logged in from there since."""
        return _KNOWN.first(self._connection, user_id=user_id, digest=digest, since=since) is not None

    def remember(self, user_id: int, digest: str, *, now: datetime, limit: int) -> None:
        """Notes a login; of more than `limit` addresses the one unused for longest is forgotten."""
        _REMEMBER.run(self._connection, user_id=user_id, digest=digest, login_time=now)
        of_user = KNOWN_ADDRESSES.c.user_id == user_id
        newest_first = (KNOWN_ADDRESSES.c.login_time.desc(), KNOWN_ADDRESSES.c.digest)
        # SQLite knows no offset without a limit; there is never more than one too many.
        oldest = select(KNOWN_ADDRESSES.c.digest).where(of_user).order_by(*newest_first).offset(limit).limit(1)
        self._connection.execute(delete(KNOWN_ADDRESSES).where(of_user, KNOWN_ADDRESSES.c.digest.in_(oldest)))

    def delete_of_user(self, user_id: int) -> None:
        self._connection.execute(delete(KNOWN_ADDRESSES).where(KNOWN_ADDRESSES.c.user_id == user_id))

    def delete_before(self, time: datetime, *, limit: int) -> int:
        """Deletes at most `limit` addresses last used before a time; answers how many."""
        key = (KNOWN_ADDRESSES.c.user_id, KNOWN_ADDRESSES.c.digest)
        old = select(*key).where(KNOWN_ADDRESSES.c.login_time < time).limit(limit)
        is_old = (tuple_(*key).in_(old), KNOWN_ADDRESSES.c.login_time < time)
        return self._connection.execute(delete(KNOWN_ADDRESSES).where(*is_old)).rowcount


def _keys(counts: Sequence[Count]) -> list[str]:
    return [count.key for count in counts]


def _full_until(rows: Sequence[tuple[Any, ...]], counts: Sequence[Count]) -> datetime | None:
    limits = {count.key: count.limit for count in counts}
    return max((expire_time for key, wrong, expire_time in rows if wrong >= limits[key].most), default=None)
