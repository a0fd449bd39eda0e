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
_IS_PENDING = text("state = 'pending'")


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
    # Of who came by phone.
    phone: str | None = Field(default=None, max_length=11, unique=True, index=True)


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


class WrongPasswordRow(AuthTable, table=True):
    """What is counted against abuse until its window ends: wrong passwords, codes sent to phones, wrong codes.

    The key is a digest: neither accounts nor numbers nor addresses can be read here. The names are from when only wrong
    passwords were counted.
    """

    __tablename__ = "wrong_passwords"

    key: str = Field(primary_key=True, max_length=64)
    wrong: int
    expire_time: datetime = Field(sa_type=UtcDateTime, index=True)


class PhoneCodeRow(AuthTable, table=True):
    """The code that was last sent to a phone, as a keyed hash; the number, too, is a keyed digest.

    `network` is a digest of where it was asked for. Wrong codes from elsewhere count in both numbers.
    """

    __tablename__ = "phone_codes"

    phone_digest: str = Field(primary_key=True, max_length=64)
    code_hash: str = Field(max_length=64)
    network: str = Field(max_length=64)
    wrong: int
    wrong_elsewhere: int
    expire_time: datetime = Field(sa_type=UtcDateTime, index=True)


class KnownAddressRow(AuthTable, table=True):
    """The digest of an address from which a user has logged in, and when last."""

    __tablename__ = "known_addresses"

    user_id: int = Field(primary_key=True, foreign_key="users.id", sa_type=_RowId)
    digest: str = Field(primary_key=True, max_length=64)
    login_time: datetime = Field(sa_type=UtcDateTime, index=True)


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


class AuditRow(AuthTable, table=True):
    """A deed of an administrator, made of an event. The database refuses to change or delete it."""

    __tablename__ = "audit_records"
    # Each leads to a page: everything, by operator, by whom it was done to, and by what it was.
    __table_args__: ClassVar[Any] = (
        Index(None, "create_time", "id"),
        Index(None, "operator_user_id", "create_time", "id"),
        Index(None, "target_user_id", "create_time", "id"),
        Index(None, "action", "create_time", "id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=_RowId)
    event_id: str = Field(max_length=64, unique=True)
    # When the deed was done.
    create_time: datetime = Field(sa_type=UtcDateTime)
    request_id: str = Field(max_length=128)
    operator_user_id: int = Field(sa_type=BigInteger)
    operator_account: str = Field(max_length=32)
    target_user_id: int | None = Field(default=None, sa_type=BigInteger)
    target_account: str = Field(max_length=32)
    action: str = Field(max_length=40)
    target: str = Field(max_length=512)
    # JSON objects.
    before: str
    after: str


class WebhookRow(AuthTable, table=True):
    """An address that a user wants to be told at. Its secrets have to be readable: messages are signed with them."""

    __tablename__ = "webhooks"
    __table_args__: ClassVar[Any] = (UniqueConstraint("user_id", "request_id"),)

    id: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="users.id", sa_type=_RowId)
    request_id: str = Field(max_length=128)
    url: str = Field(max_length=2048)
    # Separated by blanks.
    events: str = Field(max_length=255)
    secret: str = Field(max_length=128)
    former_secret: str = Field(max_length=128)
    former_expire_time: datetime | None = Field(default=None, sa_type=UtcDateTime)
    rotation_id: str = Field(max_length=128)
    disabled_for: str = Field(max_length=16)
    failing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    create_time: datetime = Field(sa_type=UtcDateTime)
    update_time: datetime = Field(sa_type=UtcDateTime)


class WebhookDeliveryRow(AuthTable, table=True):
    """A message on its way to a webhook, kept for a while after its end. An attempt begins by moving `due_time`."""

    __tablename__ = "webhook_deliveries"
    __table_args__: ClassVar[Any] = (
        Index("ix_webhook_deliveries_due", "due_time", sqlite_where=_IS_PENDING, postgresql_where=_IS_PENDING),
        Index(None, "webhook_id", "create_time", "id"),
    )

    id: str = Field(primary_key=True, max_length=64)
    webhook_id: str = Field(foreign_key="webhooks.id", max_length=64)
    event: str = Field(max_length=32)
    task_id: str = Field(max_length=128)
    body: str
    state: str = Field(max_length=16)
    attempts: int
    status_code: int
    error: str = Field(max_length=32)
    create_time: datetime = Field(sa_type=UtcDateTime, index=True)
    attempt_time: datetime | None = Field(default=None, sa_type=UtcDateTime)
    due_time: datetime = Field(sa_type=UtcDateTime)


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
WRONG_PASSWORDS: Table = core_table(WrongPasswordRow)
PHONE_CODES: Table = core_table(PhoneCodeRow)
KNOWN_ADDRESSES: Table = core_table(KnownAddressRow)
AUDIT_RECORDS: Table = core_table(AuditRow)
WEBHOOKS: Table = core_table(WebhookRow)
WEBHOOK_DELIVERIES: Table = core_table(WebhookDeliveryRow)
EVENT_TABLES = EventTables.of(OutboxRow, InboxRow, StreamRow)
