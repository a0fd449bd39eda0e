"""Revocations of the last while, for verifiers that may have missed an event."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from kit.db.lean import LeanQuery
from services.auth.domain.users import Revocation
from services.auth.store.tables import REVOCATIONS

_SINCE = LeanQuery(
    select(
        REVOCATIONS.c.id,
        REVOCATIONS.c.user_id,
        REVOCATIONS.c.not_before,
        REVOCATIONS.c.kept_token_id,
        REVOCATIONS.c.is_frozen,
    )
    .where(REVOCATIONS.c.not_before >= bindparam("since"), REVOCATIONS.c.id > bindparam("after_id"))
    .order_by(REVOCATIONS.c.id)
    .limit(bindparam("page_size"))
)


class RevocationRepository:
    """Remembered revocations, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, user_id: int, revocation: Revocation) -> None:
        self._connection.execute(
            insert(REVOCATIONS).values(
                user_id=user_id,
                not_before=revocation.not_before,
                kept_token_id=revocation.kept_token_id,
                is_frozen=revocation.is_frozen,
            )
        )

    def since(self, time: datetime, *, after_id: int, limit: int) -> list[tuple[int, int, Revocation]]:
        """Row id, user and revocation, in the order of the row ids."""
        rows = _SINCE.all(self._connection, since=time, after_id=after_id, page_size=limit)
        return [(row[0], row[1], Revocation(row[2], row[3], is_frozen=bool(row[4]))) for row in rows]

    def delete_before(self, time: datetime, *, limit: int) -> int:
        """Forgets at most `limit` revocations of before a time; answers how many."""
        old = select(REVOCATIONS.c.id).where(REVOCATIONS.c.not_before < time).limit(limit)
        return self._connection.execute(delete(REVOCATIONS).where(REVOCATIONS.c.id.in_(old))).rowcount
