"""Pages of entries: what a user sees of the journal. Reads outside of the ledger's threads, so that a long list
delays no balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from kit.db.database import Database
from services.billing.domain.journal import ENTRY_TYPES, TransactionKind, card_of, spendable_account
from services.billing.domain.ledger import Entry, EntryType
from services.billing.store.tables import CardRow, PostingRow, TransactionRow


def _entry_from_rows(user_id: int, posting: PostingRow, transaction: TransactionRow, codes: Mapping[int, str]) -> Entry:
    assert posting.balance_after is not None, "users' accounts keep a balance"
    return Entry(
        id=transaction.id,
        user_id=user_id,
        type=ENTRY_TYPES[TransactionKind(transaction.kind)],
        credits=posting.credits,
        balance_before=posting.balance_after - posting.credits,
        balance_after=posting.balance_after,
        feature_key=transaction.feature_key,
        description=transaction.description,
        operator_user_id=transaction.operator_user_id,
        hold_id=transaction.hold_id,
        create_time=transaction.create_time,
        card_code=codes.get(card_of(transaction.request_key) or 0),
    )


class EntryPages:
    """Lists a user's entries: the postings of what they can spend."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, user_id: int, *, only: EntryType | None, limit: int, offset: int) -> tuple[list[Entry], int]:
        """Entries newest first, and how many there are in all."""
        is_theirs = col(PostingRow.account) == spendable_account(user_id)
        explained = col(TransactionRow.id) == col(PostingRow.transaction_id)
        number = select(func.count()).select_from(PostingRow).where(is_theirs)
        newest = select(PostingRow, TransactionRow).where(is_theirs, explained)
        if only is not None:
            kinds = [kind.value for kind, shown_as in ENTRY_TYPES.items() if shown_as is only]
            number = number.where(explained, col(TransactionRow.kind).in_(kinds))
            newest = newest.where(col(TransactionRow.kind).in_(kinds))
        newest = newest.order_by(col(PostingRow.transaction_id).desc())
        async with self._database.session() as session:
            total = await session.exec(number)
            rows = (await session.exec(newest.offset(offset).limit(limit))).all()
            codes = await _codes(session, [transaction for _, transaction in rows])
            return [_entry_from_rows(user_id, *row, codes) for row in rows], total.one()


async def _codes(session: AsyncSession, transactions: Sequence[TransactionRow]) -> dict[int, str]:
    """The codes of the cards that these transactions redeemed, by the cards' ids."""
    card_ids = [card_id for one in transactions if (card_id := card_of(one.request_key)) is not None]
    if not card_ids:
        return {}
    found = await session.exec(select(CardRow.id, CardRow.code).where(col(CardRow.id).in_(card_ids)))
    return {card_id: code for card_id, code in found if card_id is not None}
