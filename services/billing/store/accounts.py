"""Balances in the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter

from sqlalchemy import Connection, bindparam, select

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
_READ = LeanQuery(select(*BALANCE_COLUMNS).where(AnyOf(ACCOUNTS.c.user_id, "user_ids")))
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
_times_of = attrgetter("expire_time", "expired_time")


class AccountRepository:
    """Balances, within one transaction. Changes need the lock of the head of the chain."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def balances(self, user_ids: Sequence[int]) -> dict[int, Balance]:
        """The balances of the users who have an account."""
        return self.ask(user_ids)()

    def ask(self, user_ids: Sequence[int]) -> Callable[[], dict[int, Balance]]:
        """The same, waited for when called."""
        rows = _READ.ask(self._connection, user_ids=user_ids)
        return lambda: {row[0]: Balance(*row) for row in rows()}

    def open(self, user_ids: Sequence[int]) -> None:
        """Makes empty accounts for those who have none, in the order given."""
        rows = [
            {"user_id": user_id, "available": 0, "held": 0, "version": 0, "expire_time": None, "expired_time": None}
            for user_id in user_ids
        ]
        _OPEN.run_many(self._connection, rows)

    def move_all(self, before: Mapping[int, Balance], after: Mapping[int, Balance]) -> None:
        """Writes the balances that changed. Raises Conflict when one is not any more what it was before."""
        moved = [balance for user_id, balance in sorted(after.items()) if balance.version != before[user_id].version]
        rows = [
            {
                "owner": balance.user_id,
                "seen": before[balance.user_id].version,
                "new_available": balance.available,
                "new_held": balance.held,
                "new_version": balance.version,
            }
            for balance in moved
        ]
        _MOVE.run(self._connection, rows, otherwise=concurrent_update)
        timed = [
            {
                "owner": balance.user_id,
                "new_expire_time": balance.expire_time,
                "new_expired_time": balance.expired_time,
            }
            for balance in moved
            if _times_of(balance) != _times_of(before[balance.user_id])
        ]
        _MOVE_TIME.run(self._connection, timed, otherwise=concurrent_update)

    def overdue(self, now: datetime, *, limit: int) -> list[int]:
        """Users whose credits have expired and were not taken yet, the longest overdue first."""
        return [user_id for (user_id,) in _OVERDUE.all(self._connection, now=now, limit=limit)]
