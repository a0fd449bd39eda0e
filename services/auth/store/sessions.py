"""Refresh tokens in the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from kit.db.lean import LeanQuery
from services.auth.domain.sessions import Session
from services.auth.domain.users import User
from services.auth.store.tables import REFRESH_TOKENS, USERS
from services.auth.store.users import USER_COLUMNS, user_from_row

_BY_HASH = LeanQuery(
    select(
        *USER_COLUMNS,
        REFRESH_TOKENS.c.token_hash,
        REFRESH_TOKENS.c.create_time,
        REFRESH_TOKENS.c.expire_time,
    )
    .join_from(REFRESH_TOKENS, USERS, REFRESH_TOKENS.c.user_id == USERS.c.id)
    .where(REFRESH_TOKENS.c.token_hash == bindparam("token_hash"))
)


class SessionRepository:
    """Sessions, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, session: Session) -> None:
        self._connection.execute(
            insert(REFRESH_TOKENS).values(
                token_hash=session.token_hash,
                user_id=session.user_id,
                create_time=session.create_time,
                expire_time=session.expire_time,
            )
        )

    def find(self, token_hash: str) -> tuple[Session, User] | None:
        """The session and its user."""
        row = _BY_HASH.first(self._connection, token_hash=token_hash)
        if row is None:
            return None
        user = user_from_row(row[:-3])
        return Session(user.id, *row[-3:]), user

    def delete_of_user(self, user_id: int) -> None:
        self._connection.execute(delete(REFRESH_TOKENS).where(REFRESH_TOKENS.c.user_id == user_id))

    def delete_expired(self, now: datetime, *, limit: int) -> int:
        """Deletes at most `limit` sessions that ended before now; answers how many."""
        ended = select(REFRESH_TOKENS.c.token_hash).where(REFRESH_TOKENS.c.expire_time <= now).limit(limit)
        statement = delete(REFRESH_TOKENS).where(REFRESH_TOKENS.c.token_hash.in_(ended))
        return self._connection.execute(statement).rowcount
