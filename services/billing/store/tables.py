"""Tables of the billing database. The migrations also make `entries` refuse UPDATE and DELETE."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, Table, text
from sqlmodel import Field, SQLModel

from kit.db.types import UtcDateTime, new_metadata
from kit.events.tables import EventTables, InboxColumns, OutboxColumns, StreamColumns, core_table

# SQLite numbers rows by itself only in a column declared INTEGER.
_RowId = BigInteger().with_variant(Integer(), "sqlite")


class BillingTable(SQLModel):
    """Base of all tables of this service."""

    metadata = new_metadata()


class AccountRow(BillingTable, table=True):
    """Credits of a user. Its row lock guards the user's holds and entries too."""

    __tablename__ = "accounts"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("available >= 0", name="available"),
        CheckConstraint("held >= 0", name="held"),
    )

    user_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    available: int = Field(sa_type=BigInteger)
    held: int = Field(sa_type=BigInteger)
    version: int = Field(sa_type=BigInteger)


class EntryRow(BillingTable, table=True):
    """One line of a user's account."""

    __tablename__ = "entries"
    __table_args__: ClassVar[Any] = (
        Index(None, "user_id", "id"),
        CheckConstraint("balance_after = balance_before + credits", name="sum"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=_RowId)
    user_id: int = Field(foreign_key="accounts.user_id", sa_type=BigInteger)
    type: str = Field(max_length=32)
    credits: int = Field(sa_type=BigInteger)
    balance_before: int = Field(sa_type=BigInteger)
    balance_after: int = Field(sa_type=BigInteger)
    feature_key: str | None = Field(max_length=64)
    description: str = Field(max_length=200)
    operator_user_id: int | None = Field(sa_type=BigInteger)
    hold_id: str | None = Field(max_length=64)
    create_time: datetime = Field(sa_type=UtcDateTime)


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
    user_id: int = Field(foreign_key="accounts.user_id", sa_type=BigInteger)
    feature_key: str = Field(max_length=64)
    credits: int = Field(sa_type=BigInteger)
    captured_credits: int = Field(sa_type=BigInteger)
    state: str = Field(max_length=16)
    create_time: datetime = Field(sa_type=UtcDateTime)
    expire_time: datetime = Field(sa_type=UtcDateTime)
    settle_time: datetime | None = Field(sa_type=UtcDateTime)


class IdempotencyRow(BillingTable, table=True):
    """A request that wrote an entry. The scope says whose request ids these are."""

    __tablename__ = "idempotency"

    scope: str = Field(primary_key=True, max_length=64)
    request_id: str = Field(primary_key=True, max_length=128)
    input_hash: str = Field(max_length=64)
    entry_id: int = Field(foreign_key="entries.id", sa_type=_RowId)
    create_time: datetime = Field(sa_type=UtcDateTime)


class FeaturePriceRow(BillingTable, table=True):
    """What a feature costs. `position` is its place in lists."""

    __tablename__ = "feature_prices"
    __table_args__: ClassVar[Any] = (CheckConstraint("credits >= 0", name="credits"),)

    key: str = Field(primary_key=True, max_length=64)
    display_name: str = Field(max_length=64)
    credits: int = Field(sa_type=BigInteger)
    position: int
    update_time: datetime = Field(sa_type=UtcDateTime)


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
ENTRIES: Table = core_table(EntryRow)
HOLDS: Table = core_table(HoldRow)
IDEMPOTENCY: Table = core_table(IdempotencyRow)
FEATURE_PRICES: Table = core_table(FeaturePriceRow)
EVENT_TABLES = EventTables.of(OutboxRow, InboxRow, StreamRow)
