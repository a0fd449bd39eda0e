"""Codes sent to phones, in the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kit.db.lean import LeanQuery
from services.auth.domain.phones import PhoneCode
from services.auth.store.tables import PHONE_CODES

_LOCK = LeanQuery(
    select(
        PHONE_CODES.c.code_hash,
        PHONE_CODES.c.network,
        PHONE_CODES.c.wrong,
        PHONE_CODES.c.wrong_elsewhere,
        PHONE_CODES.c.expire_time,
    )
    .where(PHONE_CODES.c.phone_digest == bindparam("phone_digest"))
    .with_for_update()
)


class PhoneCodeRepository:
    """At most one code of each phone, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, phone_digest: str, code: PhoneCode) -> None:
        """Keeps the code in place of the one before it."""
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        kept = {
            "code_hash": code.code_hash,
            "network": code.network,
            "wrong": code.wrong,
            "wrong_elsewhere": code.wrong_elsewhere,
            "expire_time": code.expire_time,
        }
        statement = insert(PHONE_CODES).values(phone_digest=phone_digest, **kept)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=[PHONE_CODES.c.phone_digest], set_=kept)
        )

    def lock(self, phone_digest: str) -> PhoneCode | None:
        """The code, which nobody else tries until the transaction ends."""
        row = _LOCK.first(self._connection, phone_digest=phone_digest)
        return None if row is None else PhoneCode(*row)

    def add_wrong(self, phone_digest: str, *, wrong: int, elsewhere: int) -> None:
        """So many more wrong ones, and so many of them from elsewhere. The same work when there is no code."""
        self._connection.execute(
            update(PHONE_CODES)
            .where(PHONE_CODES.c.phone_digest == phone_digest)
            .values(
                wrong=PHONE_CODES.c.wrong + wrong,
                wrong_elsewhere=PHONE_CODES.c.wrong_elsewhere + elsewhere,
            )
        )

    def delete(self, phone_digest: str) -> None:
        self._connection.execute(delete(PHONE_CODES).where(PHONE_CODES.c.phone_digest == phone_digest))

    def delete_expired(self, now: datetime, *, limit: int) -> int:
        """Deletes at most `limit` codes whose time is over; answers how many."""
        over = select(PHONE_CODES.c.phone_digest).where(PHONE_CODES.c.expire_time <= now).limit(limit)
        # Asked again at the row itself: a new code may have taken its place meanwhile.
        is_over = (PHONE_CODES.c.phone_digest.in_(over), PHONE_CODES.c.expire_time <= now)
        return self._connection.execute(delete(PHONE_CODES).where(*is_over)).rowcount
