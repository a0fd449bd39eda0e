"""Pages of entries. Reads outside of the ledger's threads, so that a long list delays no balance."""

from __future__ import annotations

from sqlalchemy import func
from sqlmodel import col, select

from kit.db.database import Database
from services.billing.domain.ledger import Entry, EntryType
from services.billing.store.tables import EntryRow


def _entry_from_row(row: EntryRow) -> Entry:
    assert row.id is not None, "a stored row has an id"
    return Entry(
        id=row.id,
        user_id=row.user_id,
        type=EntryType(row.type),
        credits=row.credits,
        balance_before=row.balance_before,
        balance_after=row.balance_after,
        feature_key=row.feature_key,
        description=row.description,
        operator_user_id=row.operator_user_id,
        hold_id=row.hold_id,
        create_time=row.create_time,
    )


class EntryPages:
    """Lists a user's entries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, user_id: int, *, only: EntryType | None, limit: int, offset: int) -> tuple[list[Entry], int]:
        """Entries newest first, and how many there are in all."""
        conditions = [col(EntryRow.user_id) == user_id]
        if only is not None:
            conditions.append(col(EntryRow.type) == only.value)
        async with self._database.session() as session:
            total = await session.exec(select(func.count()).select_from(EntryRow).where(*conditions))
            # A user's ids grow with time: they are drawn under the lock of the account.
            newest = select(EntryRow).where(*conditions).order_by(col(EntryRow.id).desc())
            rows = await session.exec(newest.offset(offset).limit(limit))
            return [_entry_from_row(row) for row in rows], total.one()
