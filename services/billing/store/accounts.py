"""Balances in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from kit.db.any_of import AnyOf
from kit.db.lean import LeanQuery
from kit.db.lean_many import LeanUpdateMany
from kit.db.lean_write import LeanWrite, insert_if_absent
from services.billing.domain.errors import concurrent_update
from services.billing.domain.ledger import Balance
from services.billing.store.tables import ACCOUNTS

BALANCE_COLUMNS = (
    ACCOUNTS.c.user_id,
    ACCOUNTS.c.available,
    ACCOUNTS.c.held,
    ACCOUNTS.c.version,
    ACCOUNTS.c.expire_time,
    ACCOUNTS.c.expired_time,
)
_SOME = select(*BALANCE_COLUMNS).where(AnyOf(ACCOUNTS.c.user_id, "user_ids"))
_READ = LeanQuery(_SOME)
# PostgreSQL locks after it has sorted, so every replica takes the locks in the same order.
_number = select(func.count()).select_from(ACCOUNTS).where(AnyOf(ACCOUNTS.c.user_id, "user_ids")).scalar_subquery()
_LOCK_IF_ALL = LeanQuery(_SOME.where(_number == bindparam("number")).order_by(ACCOUNTS.c.user_id).with_for_update())
_OPEN = LeanWrite(insert_if_absent(ACCOUNTS))
_MOVE = LeanUpdateMany(
    ACCOUNTS,
    keys={"owner": ACCOUNTS.c.user_id, "seen": ACCOUNTS.c.version},
    values={
        "new_available": ACCOUNTS.c.available,
        "new_held": ACCOUNTS.c.held,
        "new_version": ACCOUNTS.c.version,
    },
)
# Apart from the others, since hardly any change of a balance is one of its time.
_MOVE_TIME = LeanUpdateMany(
    ACCOUNTS,
    keys={"owner": ACCOUNTS.c.user_id},
    values={"new_expire_time": ACCOUNTS.c.expire_time, "new_expired_time": ACCOUNTS.c.expired_time},
)
_OVERDUE = LeanQuery(
    select(ACCOUNTS.c.user_id)
    .where(ACCOUNTS.c.expire_time <= bindparam("now"))
    .order_by(ACCOUNTS.c.expire_time)
    .limit(bindparam("limit"))
)


class AccountRepository:
    """Balances, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def balances(self, user_ids: Sequence[int]) -> dict[int, Balance]:
        """The balances of the users who have an account."""
        return {row[0]: Balance(*row) for row in _READ.all(self._connection, user_ids=user_ids)}

    def lock(self, user_ids: Iterable[int]) -> dict[int, Balance]:
        """The balances of all these users, who get an account if they have none. Until the transaction ends nobody
        else moves their credits or settles their holds."""
        wanted = sorted(user_ids)
        locked = self._lock_if_all_exist(wanted)
        if len(locked) == len(wanted):
            return locked
        # Making an account may wait for another replica that makes it too, so it comes before the first lock.
        found = self.balances(wanted)
        self.open([user_id for user_id in wanted if user_id not in found])
        return self._lock_if_all_exist(wanted)

    def open(self, user_ids: Sequence[int]) -> None:
        """Makes empty accounts for those who have none, in the order given."""
        rows = [
            {"user_id": user_id, "available": 0, "held": 0, "version": 0, "expire_time": None, "expired_time": None}
            for user_id in user_ids
        ]
        _OPEN.run_many(self._connection, rows)

    def move_all(self, before: Mapping[int, Balance], after: Mapping[int, Balance]) -> None:
        """Writes the balances that changed. Raises Conflict when one is not any more what it was before."""
        rows = [
            {
                "owner": user_id,
                "seen": before[user_id].version,
                "new_available": balance.available,
                "new_held": balance.held,
                "new_version": balance.version,
            }
            for user_id, balance in sorted(after.items())
            if balance.version != before[user_id].version
        ]
        _MOVE.run(self._connection, rows, otherwise=concurrent_update)
        self._move_times(before, after)

    def overdue(self, now: datetime, *, limit: int) -> list[int]:
        """Users whose credits have expired and were not taken yet, the longest overdue first."""
        return [user_id for (user_id,) in _OVERDUE.all(self._connection, now=now, limit=limit)]

    def _lock_if_all_exist(self, user_ids: Sequence[int]) -> dict[int, Balance]:
        """Less than all of them, and no lock, when one has no account."""
        if self._connection.dialect.name == "sqlite":
            # Only one transaction writes at a time there.
            return self.balances(user_ids)
        rows = _LOCK_IF_ALL.all(self._connection, user_ids=user_ids, number=len(user_ids))
        return {row[0]: Balance(*row) for row in rows}

    def _move_times(self, before: Mapping[int, Balance], after: Mapping[int, Balance]) -> None:
        rows = [
            {
                "owner": user_id,
                "new_expire_time": balance.expire_time,
                "new_expired_time": balance.expired_time,
            }
            for user_id, balance in sorted(after.items())
            if (balance.expire_time, balance.expired_time)
            != (before[user_id].expire_time, before[user_id].expired_time)
        ]
        _MOVE_TIME.run(self._connection, rows, otherwise=concurrent_update)
