"""Reads the whole ledger as one snapshot, in batches, for whoever checks it or prints an account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Select,
    String,
    and_,
    cast,
    create_engine,
    event,
    func,
    literal,
    make_url,
    or_,
    select,
)
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from services.billing.domain.adjustments import Adjustment
from services.billing.domain.cards import Card, CardState
from services.billing.domain.holds import Hold, HoldState
from services.billing.domain.invites import InviteCode
from services.billing.domain.journal import ChainHead, Posting, Transaction, held_account, spendable_account
from services.billing.domain.ledger import Balance
from services.billing.domain.statistics import JournalTally, Tally
from services.billing.store.accounts import BALANCE_COLUMNS
from services.billing.store.adjustments import AdjustmentRepository
from services.billing.store.cards import CardRepository
from services.billing.store.holds import HoldRepository
from services.billing.store.invites import InviteRepository
from services.billing.store.journal import (
    POSTING_COLUMNS,
    TRANSACTION_COLUMNS,
    JournalRepository,
    transactions_from_rows,
)
from services.billing.store.tables import (
    ACCOUNTS,
    ADJUSTMENTS,
    CARDS,
    CONSUMPTION_TOTALS,
    CREDIT_TOTALS,
    ENTRY_TOTALS,
    HOLDS,
    INVITE_CODES,
    POSTINGS,
    STATISTICS_HEAD,
    TRANSACTIONS,
    VALIDITIES,
)

_BATCH = 1000


def _holds_not_in_the_journal() -> Select[Any]:
    """Ids, and whether the journal knows at least how the hold was made."""
    key = TRANSACTIONS.c.request_key
    made = select(key).where(key == literal("reserve:") + HOLDS.c.request_id).exists()
    settled = select(key).where(key == literal("settle:") + HOLDS.c.id).exists()
    is_settled = HOLDS.c.state != HoldState.OPEN.value
    return select(HOLDS.c.id, made).where(HOLDS.c.credits > 0, or_(~made, and_(is_settled, ~settled)))


_HOLDS_NOT_IN_THE_JOURNAL = _holds_not_in_the_journal()
_POSTINGS_ALONE = (
    select(POSTINGS.c.transaction_id)
    .where(~select(TRANSACTIONS.c.id).where(TRANSACTIONS.c.id == POSTINGS.c.transaction_id).exists())
    .distinct()
)
_OPEN_CREDITS = (
    select(HOLDS.c.user_id, func.sum(HOLDS.c.credits))
    .where(HOLDS.c.state == HoldState.OPEN.value)
    .group_by(HOLDS.c.user_id)
)


@dataclass(frozen=True, slots=True)
class UnreadableTransaction:
    """A row of the journal that this code could not have written."""

    id: int
    hash: str


@dataclass(frozen=True, slots=True)
class StatementLine:
    """What one transaction did to one user. The posting to an account that it did not touch is None."""

    transaction: Transaction
    spendable: Posting | None
    held: Posting | None


class LedgerAudit:
    """Everything that billing keeps, within one snapshot."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def head(self) -> ChainHead:
        return JournalRepository(self._connection).head()

    def transactions(self) -> Iterator[Sequence[Transaction | UnreadableTransaction]]:
        """All in the order of their ids, in batches."""
        statement = select(*TRANSACTION_COLUMNS)
        for rows in self._batches(statement, TRANSACTIONS.c.id):
            postings = self._rows(
                select(*POSTING_COLUMNS).where(POSTINGS.c.transaction_id.between(rows[0][0], rows[-1][0]))
            )
            try:
                yield transactions_from_rows(rows, postings)
            except ValueError:
                yield list(_one_by_one(rows, postings))

    def postings_without_transaction(self) -> Iterator[int]:
        """Ids that postings name and no transaction has."""
        for (transaction_id,) in self._rows(_POSTINGS_ALONE):
            yield transaction_id

    def balances(self) -> Iterator[Balance]:
        """All accounts as they are kept, by user id."""
        for rows in self._batches(select(*BALANCE_COLUMNS), ACCOUNTS.c.user_id):
            for row in rows:
                yield Balance(*row)

    def open_credits(self) -> dict[int, int]:
        """What is held for each user who has open holds."""
        return {user_id: int(credits) for user_id, credits in self._rows(_OPEN_CREDITS)}

    def holds(self, hold_ids: Sequence[str]) -> dict[str, Hold]:
        """Those of the ids that exist."""
        return {hold.id: hold for hold in HoldRepository(self._connection).find(hold_ids=hold_ids)}

    def holds_not_in_the_journal(self) -> Iterator[tuple[str, str]]:
        """Holds of credits that no transaction made, and settled ones that none settled: id and what is missing."""
        for hold_id, has_been_made in self._rows(_HOLDS_NOT_IN_THE_JOURNAL):
            yield hold_id, "settles" if has_been_made else "makes"

    def cards(self, card_ids: Sequence[int]) -> dict[int, Card]:
        """Those of the ids that exist."""
        return {card.id: card for card in CardRepository(self._connection).find(card_ids)}

    def cards_not_in_the_journal(self) -> Iterator[int]:
        """Ids of used cards that no transaction redeems."""
        key = literal("card:") + cast(CARDS.c.id, String)
        redeemed = select(TRANSACTIONS.c.request_key).where(TRANSACTIONS.c.request_key == key).exists()
        is_used = CARDS.c.state == CardState.USED.value
        for (card_id,) in self._rows(select(CARDS.c.id).where(is_used, ~redeemed).order_by(CARDS.c.id)):
            yield card_id

    def invites(self, invite_ids: Sequence[int]) -> dict[int, InviteCode]:
        """Those of the ids that exist."""
        return {invite.id: invite for invite in InviteRepository(self._connection).find(invite_ids)}

    def invites_not_in_the_journal(self) -> Iterator[int]:
        """Ids of used invite codes that no transaction uses."""
        key = literal("invite:") + cast(INVITE_CODES.c.id, String)
        used = select(TRANSACTIONS.c.request_key).where(TRANSACTIONS.c.request_key == key).exists()
        is_used = INVITE_CODES.c.used_by_user_id.is_not(None)
        for (invite_id,) in self._rows(select(INVITE_CODES.c.id).where(is_used, ~used).order_by(INVITE_CODES.c.id)):
            yield invite_id

    def adjustments(self, request_keys: Sequence[str]) -> dict[str, Adjustment]:
        """Those of the keys that exist."""
        return {found.request_key: found for found in AdjustmentRepository(self._connection).find(request_keys)}

    def adjustments_not_in_the_journal(self) -> Iterator[str]:
        """Request keys of adjustments that moved credits, but not by a transaction."""
        key = ADJUSTMENTS.c.request_key
        done = select(TRANSACTIONS.c.request_key).where(TRANSACTIONS.c.request_key == key).exists()
        has_moved = ADJUSTMENTS.c.balance_before != ADJUSTMENTS.c.balance_after
        for (request_key,) in self._rows(select(key).where(has_moved, ~done).order_by(key)):
            yield request_key

    def validities(self, first_id: int, last_id: int) -> dict[int, int]:
        """For how many days the transactions between these ids make credits good, those that do."""
        statement = select(VALIDITIES.c.transaction_id, VALIDITIES.c.days)
        found: list[tuple[int, int]] = self._rows(
            statement.where(VALIDITIES.c.transaction_id.between(first_id, last_id))
        )
        return dict(found)

    def sums(self) -> JournalTally:
        """What is kept for statistics."""
        heads = self._rows(select(STATISTICS_HEAD.c.transaction_id))
        return JournalTally(
            heads[0][0] if heads else 0,
            by_account={account: Tally(*tally) for account, *tally in self._rows(select(CREDIT_TOTALS))},
            by_entry={(account, kind): Tally(*tally) for account, kind, *tally in self._rows(select(ENTRY_TOTALS))},
            by_quarter={(when, key): Tally(*tally) for when, key, *tally in self._rows(select(CONSUMPTION_TOTALS))},
        )

    def statement(self, user_id: int) -> Iterator[StatementLine]:
        """What changed the user's accounts, oldest first. Raises ValueError for an unreadable row."""
        spendable, held = spendable_account(user_id), held_account(user_id)
        touched = select(POSTINGS.c.transaction_id).where(POSTINGS.c.account.in_([spendable, held]))
        statement = select(*TRANSACTION_COLUMNS).where(TRANSACTIONS.c.id.in_(touched))
        for rows in self._batches(statement, TRANSACTIONS.c.id):
            postings = JournalRepository(self._connection).postings([row[0] for row in rows])
            for transaction in transactions_from_rows(rows, postings):
                of = {posting.account: posting for posting in transaction.draft.postings}
                yield StatementLine(transaction, spendable=of.get(spendable), held=of.get(held))

    def _batches(self, statement: Select[Any], key: Any) -> Iterator[list[tuple[Any, ...]]]:
        """Non-empty batches in the order of a key, which is the first column."""
        ordered = statement.order_by(key).limit(_BATCH)
        rows = self._rows(ordered)
        while rows:
            yield rows
            rows = self._rows(ordered.where(key > rows[-1][0]))

    def _rows(self, statement: Select[Any]) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._connection.execute(statement)]


def _one_by_one(
    rows: Sequence[tuple[Any, ...]], postings: Sequence[tuple[Any, ...]]
) -> Iterator[Transaction | UnreadableTransaction]:
    for row in rows:
        try:
            yield from transactions_from_rows([row], [posting for posting in postings if posting[0] == row[0]])
        except ValueError:
            yield UnreadableTransaction(row[0], row[-1])


@contextmanager
def open_audit(url: str) -> Iterator[LedgerAudit]:
    """The ledger at the URL, read-only. Raises sqlalchemy.exc.OperationalError when it is not there."""
    engine = _read_only_engine(make_url(url))
    try:
        with engine.connect() as connection, connection.begin():
            yield LedgerAudit(connection)
    finally:
        engine.dispose()


def _read_only_engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        options = {"options": "-c default_transaction_read_only=on"}
        return create_engine(url, poolclass=NullPool, isolation_level="REPEATABLE READ", connect_args=options)
    in_file = url.set(drivername="sqlite", database=f"file:{url.database}", query={"mode": "ro", "uri": "true"})
    engine = create_engine(in_file, poolclass=NullPool)
    event.listen(engine, "connect", _leave_transactions_to_us)
    event.listen(engine, "begin", _begin)
    return engine


def _leave_transactions_to_us(connection: Any, _record: Any) -> None:
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN DEFERRED")
