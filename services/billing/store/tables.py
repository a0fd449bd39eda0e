"""Tables of the billing database. The migrations also make the journal refuse UPDATE and DELETE."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, Table, text
from sqlmodel import Field, SQLModel

from kit.db.types import UtcDateTime, new_metadata
from kit.events.tables import EventTables, InboxColumns, OutboxColumns, StreamColumns, core_table

# A column declared INTEGER is SQLite's own key of the row and needs no index beside it.
_RowId = BigInteger().with_variant(Integer(), "sqlite")
# What users see as entries are the postings of these accounts, and the transactions that have one: a capture has one
# only when something came back, and only then a description. A query that says so in these words can use the indexes.
IS_ENTRY = "account LIKE 'user:%'"
IS_SHOWN = "kind <> 'capture' OR description <> ''"


class BillingTable(SQLModel):
    """Base of all tables of this service."""

    metadata = new_metadata()


class AccountRow(BillingTable, table=True):
    """Credits of a user, derived from the journal. Guarded by the lock of the head of the chain, as holds are."""

    __tablename__ = "accounts"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("available >= 0", name="available"),
        CheckConstraint("held >= 0", name="held"),
        Index(
            "ix_accounts_expire_time",
            "expire_time",
            sqlite_where=text("expire_time IS NOT NULL"),
            postgresql_where=text("expire_time IS NOT NULL"),
        ),
    )

    user_id: int = Field(primary_key=True, sa_type=_RowId, sa_column_kwargs={"autoincrement": False})
    available: int = Field(sa_type=BigInteger)
    held: int = Field(sa_type=BigInteger)
    version: int = Field(sa_type=BigInteger)
    expire_time: datetime | None = Field(sa_type=UtcDateTime)
    expired_time: datetime | None = Field(sa_type=UtcDateTime)


class TransactionRow(BillingTable, table=True):
    """One transaction of the journal, chained to the one before. Ids count from 1 without gaps."""

    __tablename__ = "transactions"
    # All that a search looks at, in the order in which it answers.
    __table_args__: ClassVar[Any] = (
        Index(
            "ix_transactions_search",
            "id",
            "kind",
            "create_time",
            "description",
            sqlite_where=text(IS_SHOWN),
            postgresql_where=text(IS_SHOWN),
        ),
    )

    id: int = Field(primary_key=True, sa_type=_RowId, sa_column_kwargs={"autoincrement": False})
    kind: str = Field(max_length=32)
    request_key: str = Field(unique=True, max_length=200)
    input_hash: str = Field(max_length=64)
    hold_id: str | None = Field(max_length=64)
    feature_key: str | None = Field(max_length=64)
    description: str = Field(max_length=200)
    operator_user_id: int | None = Field(sa_type=BigInteger)
    create_time: datetime = Field(sa_type=UtcDateTime)
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class PostingRow(BillingTable, table=True):
    """What one account gained or lost in one transaction. Accounts of users say what they have after it."""

    __tablename__ = "postings"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("credits <> 0", name="credits"),
        CheckConstraint("balance_after >= 0", name="balance_after"),
        # Nothing but entries is looked up by account, and one index less changes with what is held.
        Index(
            None,
            "account",
            "transaction_id",
            sqlite_where=text(IS_ENTRY),
            postgresql_where=text(IS_ENTRY),
        ),
        Index(
            "ix_postings_entries",
            "transaction_id",
            "credits",
            sqlite_where=text(IS_ENTRY),
            postgresql_where=text(IS_ENTRY),
        ),
        {"sqlite_with_rowid": False},
    )

    # That there is such a transaction is seen to when the head of the chain moves.
    transaction_id: int = Field(primary_key=True, sa_type=_RowId, sa_column_kwargs={"autoincrement": False})
    account: str = Field(primary_key=True, max_length=40)
    credits: int = Field(sa_type=BigInteger)
    balance_after: int | None = Field(sa_type=BigInteger)


class ChainHeadRow(BillingTable, table=True):
    """The newest transaction, in the only row. Whoever has its lock is the only one to move credits."""

    __tablename__ = "chain_head"
    __table_args__: ClassVar[Any] = (CheckConstraint("id = 1", name="only"),)

    id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    transaction_id: int = Field(sa_type=BigInteger)
    hash: str = Field(max_length=64)


class HoldRow(BillingTable, table=True):
    """Credits set aside for one task. A tombstone has neither a feature nor an input hash."""

    __tablename__ = "holds"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("state IN ('open', 'captured', 'released')", name="state"),
        CheckConstraint("captured_credits >= 0 AND captured_credits <= credits", name="captured_credits"),
        Index(
            "ix_holds_open_expire_time",
            "expire_time",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: str = Field(primary_key=True, max_length=64)
    request_id: str = Field(unique=True, max_length=128)
    input_hash: str = Field(max_length=64)
    user_id: int = Field(foreign_key="accounts.user_id", sa_type=_RowId)
    feature_key: str = Field(max_length=64)
    credits: int = Field(sa_type=BigInteger)
    captured_credits: int = Field(sa_type=BigInteger)
    state: str = Field(max_length=16)
    create_time: datetime = Field(sa_type=UtcDateTime)
    expire_time: datetime = Field(sa_type=UtcDateTime)
    settle_time: datetime | None = Field(sa_type=UtcDateTime)


class FeaturePriceRow(BillingTable, table=True):
    """What a feature costs. `position` is its place in lists."""

    __tablename__ = "feature_prices"
    __table_args__: ClassVar[Any] = (CheckConstraint("credits >= 0", name="credits"),)

    key: str = Field(primary_key=True, max_length=64)
    display_name: str = Field(max_length=64)
    credits: int = Field(sa_type=BigInteger)
    position: int
    update_time: datetime = Field(sa_type=UtcDateTime)


class CreditPackageRow(BillingTable, table=True):
    """Credits that are sold together. `position` is its place in lists."""

    __tablename__ = "credit_packages"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("credits > 0", name="credits"),
        CheckConstraint("price_fen >= 0", name="price_fen"),
    )

    key: str = Field(primary_key=True, max_length=64)
    display_name: str = Field(max_length=64)
    credits: int = Field(sa_type=BigInteger)
    price_fen: int = Field(sa_type=BigInteger)
    position: int
    description: str = Field(max_length=200)
    discount_hundredths: int | None
    is_popular: bool
    # A JSON array of texts.
    features: str
    validity_days: int
    # Of the request that made it; those that came with the schema have none.
    request_key: str | None = Field(index=True, unique=True, max_length=200)
    input_hash: str = Field(max_length=64)
    create_time: datetime = Field(sa_type=UtcDateTime)
    update_time: datetime = Field(sa_type=UtcDateTime)


class CardBatchRow(BillingTable, table=True):
    """Cards that were made together, with what their package was then. Several batches may have one number."""

    __tablename__ = "card_batches"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("credits > 0", name="credits"),
        CheckConstraint("price_fen >= 0", name="price_fen"),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=_RowId)
    request_key: str = Field(unique=True, max_length=200)
    input_hash: str = Field(max_length=64)
    number: str = Field(index=True, max_length=64)
    package_key: str = Field(max_length=64)
    package_name: str = Field(max_length=64)
    credits: int = Field(sa_type=BigInteger)
    price_fen: int = Field(sa_type=BigInteger)
    quantity: int
    description: str = Field(max_length=200)
    expire_time: datetime | None = Field(sa_type=UtcDateTime)
    operator_user_id: int = Field(sa_type=BigInteger)
    create_time: datetime = Field(sa_type=UtcDateTime)


class CardRow(BillingTable, table=True):
    """One card. Its row lock orders those who redeem it; the journal claims it by its id."""

    __tablename__ = "cards"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("state IN ('active', 'used', 'disabled', 'deleted')", name="state"),
        CheckConstraint("(state = 'used') = (used_by_user_id IS NOT NULL)", name="used_by_user_id"),
        CheckConstraint("(state = 'used') = (use_time IS NOT NULL)", name="use_time"),
        CheckConstraint("(state = 'used') = (redeem_key IS NOT NULL)", name="redeem_key"),
        Index(None, "batch_id", "state"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=_RowId)
    code: str = Field(unique=True, max_length=16)
    batch_id: int = Field(foreign_key="card_batches.id", sa_type=_RowId)
    state: str = Field(max_length=16)
    used_by_user_id: int | None = Field(foreign_key="accounts.user_id", index=True, sa_type=_RowId)
    use_time: datetime | None = Field(sa_type=UtcDateTime)
    redeem_key: str | None = Field(unique=True, max_length=200)


class InviteCodeRow(BillingTable, table=True):
    """One invite code. Its row lock orders those who use it; the journal claims it by its id."""

    __tablename__ = "invite_codes"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("credits > 0", name="credits"),
        CheckConstraint("(used_by_user_id IS NULL) = (use_time IS NULL)", name="use_time"),
        CheckConstraint("(used_by_user_id IS NULL) = (use_key IS NULL)", name="use_key"),
        CheckConstraint("(used_by_user_id IS NULL) = (credits_expire_time IS NULL)", name="credits_expire_time"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=_RowId)
    code: str = Field(unique=True, max_length=9)
    request_key: str = Field(unique=True, max_length=200)
    credits: int = Field(sa_type=BigInteger)
    operator_user_id: int = Field(index=True, sa_type=BigInteger)
    create_time: datetime = Field(sa_type=UtcDateTime)
    expire_time: datetime | None = Field(sa_type=UtcDateTime)
    used_by_user_id: int | None = Field(foreign_key="accounts.user_id", index=True, sa_type=_RowId)
    use_time: datetime | None = Field(sa_type=UtcDateTime)
    use_key: str | None = Field(unique=True, max_length=200)
    credits_expire_time: datetime | None = Field(sa_type=UtcDateTime)


class AdjustmentRow(BillingTable, table=True):
    """What an administrator asked of a balance, and what came of it. Its transaction has the same request key."""

    __tablename__ = "adjustments"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("operation IN ('add', 'subtract', 'set')", name="operation"),
        CheckConstraint("balance_after >= 0", name="balance_after"),
    )

    request_key: str = Field(primary_key=True, max_length=200)
    user_id: int = Field(foreign_key="accounts.user_id", sa_type=_RowId)
    operation: str = Field(max_length=16)
    credits: int = Field(sa_type=BigInteger)
    description: str = Field(max_length=200)
    balance_before: int = Field(sa_type=BigInteger)
    balance_after: int = Field(sa_type=BigInteger)
    create_time: datetime = Field(sa_type=UtcDateTime)


class ValidityRow(BillingTable, table=True):
    """How many days from a transaction on all credits of its user are good, at least."""

    __tablename__ = "validities"
    __table_args__: ClassVar[Any] = (CheckConstraint("days > 0", name="days"),)

    transaction_id: int = Field(
        primary_key=True,
        foreign_key="transactions.id",
        sa_type=_RowId,
        sa_column_kwargs={"autoincrement": False},
    )
    days: int


class GuessRow(BillingTable, table=True):
    """Codes nobody has that one user tried since the first of them. Guarded by the head's lock."""

    __tablename__ = "guesses"
    __table_args__: ClassVar[Any] = (CheckConstraint("wrong > 0", name="wrong"),)

    user_id: int = Field(
        primary_key=True, foreign_key="accounts.user_id", sa_type=_RowId, sa_column_kwargs={"autoincrement": False}
    )
    since: datetime = Field(index=True, sa_type=UtcDateTime)
    wrong: int


class StatisticsHeadRow(BillingTable, table=True):
    """The last transaction that the tables of sums contain, in the only row. Its lock orders those who sum."""

    __tablename__ = "statistics_head"
    __table_args__: ClassVar[Any] = (CheckConstraint("id = 1", name="only"),)

    id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    transaction_id: int = Field(sa_type=BigInteger)


class CreditTotalRow(BillingTable, table=True):
    """Postings to an account of the system, or to those of all users, which are `user` and `held`."""

    __tablename__ = "credit_totals"
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False},)

    account: str = Field(primary_key=True, max_length=40)
    postings: int = Field(sa_type=BigInteger)
    credits: int = Field(sa_type=BigInteger)


class EntryTotalRow(BillingTable, table=True):
    """What transactions of one kind did to what a user can spend."""

    __tablename__ = "entry_totals"
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False},)

    account: str = Field(primary_key=True, max_length=40)
    kind: str = Field(primary_key=True, max_length=32)
    postings: int = Field(sa_type=BigInteger)
    credits: int = Field(sa_type=BigInteger)


class ConsumptionTotalRow(BillingTable, table=True):
    """What a feature consumed in a quarter of an hour, counted from 1970."""

    __tablename__ = "consumption_totals"
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False},)

    quarter: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    feature_key: str = Field(primary_key=True, max_length=64)
    postings: int = Field(sa_type=BigInteger)
    credits: int = Field(sa_type=BigInteger)


class OutboxRow(OutboxColumns, BillingTable, table=True):
    """Events on their way to the broker."""

    __tablename__ = "outbox"


class InboxRow(InboxColumns, BillingTable, table=True):
    """Events that were applied."""

    __tablename__ = "inbox"


class StreamRow(StreamColumns, BillingTable, table=True):
    """Streams as last seen."""

    __tablename__ = "streams"


ACCOUNTS: Table = core_table(AccountRow)
TRANSACTIONS: Table = core_table(TransactionRow)
POSTINGS: Table = core_table(PostingRow)
CHAIN_HEAD: Table = core_table(ChainHeadRow)
HOLDS: Table = core_table(HoldRow)
FEATURE_PRICES: Table = core_table(FeaturePriceRow)
CREDIT_PACKAGES: Table = core_table(CreditPackageRow)
CARD_BATCHES: Table = core_table(CardBatchRow)
CARDS: Table = core_table(CardRow)
INVITE_CODES: Table = core_table(InviteCodeRow)
ADJUSTMENTS: Table = core_table(AdjustmentRow)
VALIDITIES: Table = core_table(ValidityRow)
GUESSES: Table = core_table(GuessRow)

STATISTICS_HEAD: Table = core_table(StatisticsHeadRow)
CREDIT_TOTALS: Table = core_table(CreditTotalRow)
ENTRY_TOTALS: Table = core_table(EntryTotalRow)
CONSUMPTION_TOTALS: Table = core_table(ConsumptionTotalRow)
EVENT_TABLES = EventTables.of(OutboxRow, InboxRow, StreamRow)
