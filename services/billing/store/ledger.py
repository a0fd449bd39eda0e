"""Balances and entries in the database. The only place that writes either."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from kit.db.any_of import AnyOf
from kit.db.lean import LeanQuery
from kit.db.lean_write import LeanWrite, insert_if_absent, insert_of
from services.billing.domain.errors import concurrent_update
from services.billing.domain.ledger import Balance, Entry, EntryType, Movement
from services.billing.store.tables import ACCOUNTS, ENTRIES

_BALANCES = select(ACCOUNTS.c.user_id, ACCOUNTS.c.available, ACCOUNTS.c.held, ACCOUNTS.c.version)
_BALANCE = _BALANCES.where(ACCOUNTS.c.user_id == bindparam("user_id"))
_READ = LeanQuery(_BALANCES.where(AnyOf(ACCOUNTS.c.user_id, "user_ids")))
_LOCK = LeanQuery(_BALANCE.with_for_update())
_OPEN_ACCOUNT = LeanWrite(insert_if_absent(ACCOUNTS))
_MOVE = LeanWrite(
    update(ACCOUNTS)
    .where(ACCOUNTS.c.user_id == bindparam("owner"), ACCOUNTS.c.version == bindparam("seen"))
    .values(available=bindparam("new_available"), held=bindparam("new_held"), version=bindparam("new_version"))
)
_ADD_ENTRY = LeanWrite(insert_of(ENTRIES).returning(ENTRIES.c.id))
ENTRY_COLUMNS = (
    ENTRIES.c.id,
    ENTRIES.c.user_id,
    ENTRIES.c.type,
    ENTRIES.c.credits,
    ENTRIES.c.balance_before,
    ENTRIES.c.balance_after,
    ENTRIES.c.feature_key,
    ENTRIES.c.description,
    ENTRIES.c.operator_user_id,
    ENTRIES.c.hold_id,
    ENTRIES.c.create_time,
)
_ENTRY = LeanQuery(select(*ENTRY_COLUMNS).where(ENTRIES.c.id == bindparam("entry_id")))


class LedgerRepository:
    """Balances and entries, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def balances(self, user_ids: Sequence[int]) -> dict[int, Balance]:
        """The balances of the users who have an account."""
        return {row[0]: Balance(*row) for row in _READ.all(self._connection, user_ids=user_ids)}

    def lock(self, user_id: int) -> Balance:
        """The balance, and nobody else moves credits or settles holds of the user before the transaction ends."""
        row = _LOCK.first(self._connection, user_id=user_id)
        if row is None:
            _OPEN_ACCOUNT.run(self._connection, user_id=user_id, available=0, held=0, version=0)
            row = _LOCK.first(self._connection, user_id=user_id)
            assert row is not None, "the account was just made sure of"
        return Balance(*row)

    def apply(self, movement: Movement, now: datetime) -> Entry | None:
        """Writes the balance and its entry; answers the entry, None for a movement without one.

        The balance before must come from `lock` in this transaction; Conflict is raised when it is an older one.
        """
        before, after = movement.before, movement.after
        moved = _MOVE.run(
            self._connection,
            owner=after.user_id,
            seen=before.version,
            new_available=after.available,
            new_held=after.held,
            new_version=after.version,
        )
        if moved != 1:
            raise concurrent_update()
        return self._add_entry(movement, now)

    def find_entry(self, entry_id: int) -> Entry | None:
        row = _ENTRY.first(self._connection, entry_id=entry_id)
        if row is None:
            return None
        return Entry(row[0], row[1], EntryType(row[2]), *row[3:])

    def _add_entry(self, movement: Movement, now: datetime) -> Entry | None:
        draft, before, after = movement.draft, movement.before, movement.after
        if draft is None:
            return None
        credits = after.available - before.available
        entry_id = _ADD_ENTRY.returning(
            self._connection,
            user_id=after.user_id,
            type=draft.type.value,
            credits=credits,
            balance_before=before.available,
            balance_after=after.available,
            feature_key=draft.feature_key,
            description=draft.description,
            operator_user_id=draft.operator_user_id,
            hold_id=draft.hold_id,
            create_time=now,
        )
        return Entry(
            id=entry_id,
            user_id=after.user_id,
            type=draft.type,
            credits=credits,
            balance_before=before.available,
            balance_after=after.available,
            feature_key=draft.feature_key,
            description=draft.description,
            operator_user_id=draft.operator_user_id,
            hold_id=draft.hold_id,
            create_time=now,
        )
