"""The journal in the database. The only place that writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from kit.db.any_of import AnyOf
from kit.db.lean import LeanQuery
from kit.db.lean_many import LeanInsertMany
from kit.db.lean_write import LeanWrite
from services.billing.domain.journal import ChainHead, Posting, Transaction, TransactionDraft, TransactionKind
from services.billing.store.tables import CHAIN_HEAD, POSTINGS, TRANSACTIONS, VALIDITIES

_THE_HEAD = select(CHAIN_HEAD.c.transaction_id, CHAIN_HEAD.c.hash)
_HEAD = LeanQuery(_THE_HEAD)
_LOCK_HEAD = LeanQuery(_THE_HEAD.with_for_update())
_MOVE_HEAD = LeanWrite(
    update(CHAIN_HEAD).values(transaction_id=bindparam("new_transaction_id"), hash=bindparam("new_hash"))
)
TRANSACTION_COLUMNS = (
    TRANSACTIONS.c.id,
    TRANSACTIONS.c.kind,
    TRANSACTIONS.c.request_key,
    TRANSACTIONS.c.input_hash,
    TRANSACTIONS.c.hold_id,
    TRANSACTIONS.c.feature_key,
    TRANSACTIONS.c.description,
    TRANSACTIONS.c.operator_user_id,
    TRANSACTIONS.c.create_time,
    TRANSACTIONS.c.previous_hash,
    TRANSACTIONS.c.hash,
)
POSTING_COLUMNS = (POSTINGS.c.transaction_id, POSTINGS.c.account, POSTINGS.c.credits, POSTINGS.c.balance_after)
_BY_KEY = LeanQuery(select(*TRANSACTION_COLUMNS).where(AnyOf(TRANSACTIONS.c.request_key, "request_keys")))
_POSTINGS = LeanQuery(
    select(*POSTING_COLUMNS)
    .where(AnyOf(POSTINGS.c.transaction_id, "transaction_ids"))
    .order_by(POSTINGS.c.transaction_id, POSTINGS.c.account)
)
_ADD = LeanInsertMany(TRANSACTION_COLUMNS)
_ADD_POSTING = LeanInsertMany(POSTING_COLUMNS)
_ADD_VALIDITY = LeanInsertMany((VALIDITIES.c.transaction_id, VALIDITIES.c.days))
_values_of = attrgetter(
    "id",
    "draft.kind.value",
    "draft.request_key",
    "draft.input_hash",
    "draft.hold_id",
    "draft.feature_key",
    "draft.description",
    "draft.operator_user_id",
    "draft.create_time",
    "previous_hash",
    "hash",
)


class JournalRepository:
    """The journal, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def head(self) -> ChainHead:
        """The newest transaction."""
        return _head_of(_HEAD.all(self._connection))

    def lock_head(self) -> Callable[[], ChainHead]:
        """The newest transaction, waited for when called. Nobody else moves credits or appends before this transaction
        ends, and every later statement sees what those before have done."""
        rows = _LOCK_HEAD.ask(self._connection)
        return lambda: _head_of(rows())

    def append(self, transactions: Sequence[Transaction]) -> None:
        """Writes what follows the locked head. Raises IntegrityError when a request key is taken."""
        if not transactions:
            return
        _ADD.run(self._connection, [_values_of(transaction) for transaction in transactions])
        _ADD_POSTING.run(self._connection, _postings_of(transactions))
        newest = transactions[-1]
        _MOVE_HEAD.run(self._connection, new_transaction_id=newest.id, new_hash=newest.hash)

    def add_validities(self, days: Mapping[int, int]) -> None:
        """Writes for how many days transactions make credits good, by their ids."""
        _ADD_VALIDITY.run(self._connection, list(days.items()))

    def find(self, request_keys: Sequence[str]) -> list[Transaction]:
        """The transactions with these request keys."""
        rows = _BY_KEY.all(self._connection, request_keys=request_keys)
        return transactions_from_rows(rows, self.postings([row[0] for row in rows]))

    def postings(self, transaction_ids: Sequence[int]) -> list[tuple[Any, ...]]:
        """Rows of `POSTING_COLUMNS`, by transaction and account."""
        return _POSTINGS.all(self._connection, transaction_ids=transaction_ids)


def _head_of(rows: Sequence[tuple[Any, ...]]) -> ChainHead:
    # The migration made the row.
    (row,) = rows
    return ChainHead(*row)


def transactions_from_rows(rows: Sequence[tuple[Any, ...]], postings: Sequence[tuple[Any, ...]]) -> list[Transaction]:
    """Transactions with their postings, in the order of the rows."""
    postings_of: dict[int, list[Posting]] = {}
    for transaction_id, account, credits, balance_after in postings:
        postings_of.setdefault(transaction_id, []).append(Posting(account, credits, balance_after))
    return [_transaction_from_row(row, tuple(postings_of.get(row[0], ()))) for row in rows]


def _transaction_from_row(row: tuple[Any, ...], postings: tuple[Posting, ...]) -> Transaction:
    transaction_id, kind, request_key, input_hash, hold_id, feature_key, description, operator, time, *hashes = row
    draft = TransactionDraft(
        TransactionKind(kind),
        request_key,
        input_hash,
        description,
        time,
        postings,
        hold_id=hold_id,
        feature_key=feature_key,
        operator_user_id=operator,
    )
    previous_hash, own_hash = hashes
    return Transaction(transaction_id, draft, previous_hash, own_hash)


def _postings_of(transactions: Sequence[Transaction]) -> list[tuple[Any, ...]]:
    """The values of POSTING_COLUMNS."""
    return [
        (transaction.id, posting.account, posting.credits, posting.balance_after)
        for transaction in transactions
        for posting in transaction.draft.postings
    ]
