"""Users in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from kit.db.any_of import AnyOf
from kit.db.contains_text import contains_text
from kit.db.lean import LeanQuery
from services.auth.domain.accounts import AccountKey
from services.auth.domain.phones import Phone
from services.auth.domain.users import Credentials, NewUser, Revocation, User, UserStatus
from services.auth.store.tables import USERS

USER_COLUMNS = (
    USERS.c.id,
    USERS.c.uuid,
    USERS.c.account,
    USERS.c.is_admin,
    USERS.c.status,
    USERS.c.create_time,
    USERS.c.update_time,
    USERS.c.last_login_time,
    USERS.c.access_not_before,
    USERS.c.kept_token_id,
    USERS.c.phone,
)
_BY_ID = LeanQuery(select(*USER_COLUMNS).where(USERS.c.id == bindparam("user_id")))
_LOCK = LeanQuery(select(*USER_COLUMNS).where(USERS.c.id == bindparam("user_id")).with_for_update())
_ACTIVE_ADMINS = LeanQuery(
    select(*USER_COLUMNS)
    .where(USERS.c.is_admin.is_(True), USERS.c.status == UserStatus.ACTIVE.value)
    # Every replica takes the locks in the same order.
    .order_by(USERS.c.id)
    .with_for_update()
)
_BY_IDS = LeanQuery(select(*USER_COLUMNS).where(AnyOf(USERS.c.id, "user_ids")))
_BY_PHONE = LeanQuery(select(*USER_COLUMNS).where(USERS.c.phone == bindparam("phone")))
_CREDENTIALS = select(*USER_COLUMNS, USERS.c.password_hash)
_CREDENTIALS_BY_ID = LeanQuery(_CREDENTIALS.where(USERS.c.id == bindparam("user_id")))
_CREDENTIALS_BY_KEY = LeanQuery(_CREDENTIALS.where(USERS.c.account_key == bindparam("account_key")))


def user_from_row(row: tuple[Any, ...]) -> User:
    """A user from the values of USER_COLUMNS."""
    user_id, uuid, account, is_admin, status, create_time, update_time, *rest = row
    last_login_time, access_not_before, kept_token_id, phone = rest
    return User(
        id=user_id,
        uuid=uuid,
        account=account,
        is_admin=bool(is_admin),
        status=UserStatus(status),
        create_time=create_time,
        update_time=update_time,
        last_login_time=last_login_time,
        revocation=None
        if access_not_before is None
        else Revocation(access_not_before, kept_token_id or "", is_frozen=status == UserStatus.FROZEN.value),
        phone=phone,
    )


class UserRepository:
    """Users, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, user_id: int) -> User | None:
        row = _BY_ID.first(self._connection, user_id=user_id)
        return None if row is None else user_from_row(row)

    def find_by_phone(self, phone: Phone) -> User | None:
        row = _BY_PHONE.first(self._connection, phone=phone)
        return None if row is None else user_from_row(row)

    def find_many(self, user_ids: Sequence[int]) -> dict[int, User]:
        """The users that exist, by id."""
        return {row[0]: user_from_row(row) for row in _BY_IDS.all(self._connection, user_ids=user_ids)}

    def lock(self, user_id: int) -> User | None:
        """The user, whom nobody else changes until the transaction ends."""
        row = _LOCK.first(self._connection, user_id=user_id)
        return None if row is None else user_from_row(row)

    def lock_active_admins(self) -> dict[int, User]:
        """The active administrators by id. Until the transaction ends none of them is frozen, demoted or deleted
        elsewhere; on PostgreSQL those who were while it waited for the locks are not among them."""
        return {row[0]: user_from_row(row) for row in _ACTIVE_ADMINS.all(self._connection)}

    def find_ids(self, keyword: str, limit: int) -> list[int]:
        """Ids of the first users with the keyword in their account, in either case."""
        matching = select(USERS.c.id).where(contains_text(USERS.c.account, keyword))
        return list(self._connection.scalars(matching.order_by(USERS.c.id).limit(limit)))

    def find_credentials(self, user_id: int) -> Credentials | None:
        return _credentials(_CREDENTIALS_BY_ID.first(self._connection, user_id=user_id))

    def find_credentials_by_account(self, key: AccountKey) -> Credentials | None:
        return _credentials(_CREDENTIALS_BY_KEY.first(self._connection, account_key=key))

    def add(self, new: NewUser) -> User | None:
        """The user with its id; None when the account is taken."""
        statement = insert(USERS).values(
            uuid=new.uuid,
            account=new.account,
            account_key=new.account_key,
            password_hash=new.password_hash,
            is_admin=new.is_admin,
            status=UserStatus.ACTIVE.value,
            create_time=new.create_time,
            update_time=new.create_time,
            phone=new.phone,
        )
        try:
            # The savepoint keeps the transaction usable on PostgreSQL after a refused insert.
            with self._connection.begin_nested():
                user_id = self._connection.execute(statement.returning(USERS.c.id)).scalar_one()
        except IntegrityError:
            if self.find_credentials_by_account(new.account_key) is None:
                raise
            return None
        return self.find(user_id)

    def record_login(self, seen: Credentials, *, password_hash: str, now: datetime) -> bool:
        """Notes the login, and the hash made anew. False when the user changed since `seen` was read.

        The row stays locked until the transaction ends, so no password change can slip in between.
        """
        statement = (
            update(USERS)
            .where(
                USERS.c.id == seen.user.id,
                USERS.c.password_hash == seen.password_hash,
                USERS.c.status == UserStatus.ACTIVE.value,
                # The token that follows says whether they are one.
                USERS.c.is_admin.is_(seen.user.is_admin),
            )
            .values(last_login_time=now, password_hash=password_hash)
        )
        return self._connection.execute(statement).rowcount == 1

    def note_login(self, user_id: int, now: datetime) -> None:
        """Notes the login of a user whose row is locked."""
        self._connection.execute(update(USERS).where(USERS.c.id == user_id).values(last_login_time=now))

    def revoke_access(self, user_id: int, revocation: Revocation) -> None:
        """Remembers which access tokens are void."""
        self._connection.execute(
            update(USERS)
            .where(USERS.c.id == user_id)
            .values(access_not_before=revocation.not_before, kept_token_id=revocation.kept_token_id)
        )

    def set_standing(self, user: User, now: datetime) -> None:
        """Writes the user's status and role."""
        self._connection.execute(
            update(USERS)
            .where(USERS.c.id == user.id)
            .values(status=user.status.value, is_admin=user.is_admin, update_time=now)
        )

    def touch(self, user_id: int, now: datetime) -> None:
        """Notes that something of the user changed."""
        self._connection.execute(update(USERS).where(USERS.c.id == user_id).values(update_time=now))

    def set_password(self, user_id: int, *, password_hash: str, now: datetime) -> None:
        """Sets the hash, whatever it was."""
        self._connection.execute(
            update(USERS).where(USERS.c.id == user_id).values(password_hash=password_hash, update_time=now)
        )

    def delete(self, user_id: int) -> None:
        """Deletes the user, of whom nothing else may be left."""
        self._connection.execute(delete(USERS).where(USERS.c.id == user_id))

    def replace_password(self, seen: Credentials, *, password_hash: str, now: datetime) -> bool:
        """Sets the hash. False when the password changed since `seen` was read."""
        statement = (
            update(USERS)
            .where(USERS.c.id == seen.user.id, USERS.c.password_hash == seen.password_hash)
            .values(password_hash=password_hash, update_time=now)
        )
        return self._connection.execute(statement).rowcount == 1


def _credentials(row: tuple[Any, ...] | None) -> Credentials | None:
    return None if row is None else Credentials(user=user_from_row(row[:-1]), password_hash=row[-1])
