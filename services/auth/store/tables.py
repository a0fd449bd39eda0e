"""Tables of the auth database."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, Table, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from kit.db.types import UtcDateTime, new_metadata
from kit.events.tables import EventTables, InboxColumns, OutboxColumns, StreamColumns, core_table

# SQLite numbers rows by itself only in a column declared INTEGER.
_RowId = BigInteger().with_variant(Integer(), "sqlite")
_IS_ADMIN, _IS_FROZEN = text("is_admin"), text("status = 'frozen'")


class AuthTable(SQLModel):
    """Base of all tables of this service."""

    metadata = new_metadata()


class UserRow(AuthTable, table=True):
    """A user. `account_key` is the account without case."""

    __tablename__ = "users"
    # Ids stay with a user for ever: credits and files elsewhere are filed under them.
    __table_args__: ClassVar[Any] = (
        CheckConstraint("status IN ('active', 'frozen')", name="status"),
        Index("ix_users_admins", "id", sqlite_where=_IS_ADMIN, postgresql_where=_IS_ADMIN),
        Index("ix_users_frozen", "id", sqlite_where=_IS_FROZEN, postgresql_where=_IS_FROZEN),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=_RowId)
    uuid: str = Field(max_length=36, unique=True)
    account: str = Field(max_length=32)
    account_key: str = Field(max_length=32, unique=True)
    password_hash: str = Field(max_length=255)
    is_admin: bool
    status: str = Field(max_length=16)
    create_time: datetime = Field(sa_type=UtcDateTime, index=True)
    update_time: datetime = Field(sa_type=UtcDateTime)
    last_login_time: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Access tokens from before this time are void, except the one that is named.
    access_not_before: datetime | None = Field(default=None, sa_type=UtcDateTime)
    kept_token_id: str | None = Field(default=None, max_length=64)


class RefreshTokenRow(AuthTable, table=True):
    """A refresh token that was given out, as its SHA-256 in hex. Revoking deletes the row."""

    __tablename__ = "refresh_tokens"

    token_hash: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="users.id", index=True, sa_type=_RowId)
    create_time: datetime = Field(sa_type=UtcDateTime)
    expire_time: datetime = Field(sa_type=UtcDateTime, index=True)


class RevocationRow(AuthTable, table=True):
    """A revocation of access tokens, kept for longer than a token lives. Also of users who are gone."""

    __tablename__ = "revocations"

    id: int | None = Field(default=None, primary_key=True, sa_type=_RowId)
    user_id: int = Field(sa_type=BigInteger)
    not_before: datetime = Field(sa_type=UtcDateTime, index=True)
    kept_token_id: str = Field(max_length=64)
    is_frozen: bool


class MaterialRow(AuthTable, table=True):
    """An id on one of a user's material lists, which are in the order of the row ids."""

    __tablename__ = "materials"
    __table_args__: ClassVar[Any] = (UniqueConstraint("user_id", "kind", "item_id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=_RowId)
    user_id: int = Field(foreign_key="users.id", sa_type=_RowId)
    kind: str = Field(max_length=16)
    item_id: str = Field(max_length=200)
    create_time: datetime = Field(sa_type=UtcDateTime)


class ActivityRow(AuthTable, table=True):
    """Something that happened, made of an event. Stays when its user goes, until it is too old."""

    __tablename__ = "activities"
    # Each answers a page and its total from the index alone: a user's list, everybody's, and the statistics.
    __table_args__: ClassVar[Any] = (
        Index(None, "user_id", "create_time", "id", "type", "status"),
        Index(None, "create_time", "id", "type", "status"),
        Index(None, "type", "status", "create_time"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=_RowId)
    user_id: int | None = Field(default=None, sa_type=BigInteger)
    account: str = Field(max_length=32)
    type: str = Field(max_length=40)
    status: str = Field(max_length=16)
    description: str = Field(max_length=500)
    # A JSON object.
    details: str
    create_time: datetime = Field(sa_type=UtcDateTime)


class OutboxRow(OutboxColumns, AuthTable, table=True):
    """Events on their way to the broker."""

    __tablename__ = "outbox"


class InboxRow(InboxColumns, AuthTable, table=True):
    """Events that were applied."""

    __tablename__ = "inbox"


class StreamRow(StreamColumns, AuthTable, table=True):
    """Streams as last seen."""

    __tablename__ = "streams"


USERS: Table = core_table(UserRow)
REFRESH_TOKENS: Table = core_table(RefreshTokenRow)
REVOCATIONS: Table = core_table(RevocationRow)
MATERIALS: Table = core_table(MaterialRow)
ACTIVITIES: Table = core_table(ActivityRow)
EVENT_TABLES = EventTables.of(OutboxRow, InboxRow, StreamRow)
