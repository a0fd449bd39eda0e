"""Wrong codes in the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Insert, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from kit.db.any_of import AnyOf
from kit.db.lean import LeanQuery
from kit.db.lean_write import LeanWrite
from services.billing.domain.guesses import Guesses
from services.billing.store.tables import GUESSES

_SOME = LeanQuery(
    select(GUESSES.c.user_id, GUESSES.c.since, GUESSES.c.wrong).where(AnyOf(GUESSES.c.user_id, "user_ids"))
)


def _save(dialect: str) -> Insert:
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(GUESSES)
    columns = (GUESSES.c.user_id, GUESSES.c.since, GUESSES.c.wrong)
    saved = insert.values({column.name: bindparam(column.name, type_=column.type) for column in columns})
    newer = {"since": insert.excluded.since, "wrong": insert.excluded.wrong}
    return saved.on_conflict_do_update(index_elements=[GUESSES.c.user_id], set_=newer)


_SAVE = LeanWrite(_save)


class GuessRepository:
    """What users tried, within one transaction. Guarded by the lock of the head of the chain."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, user_ids: Sequence[int]) -> dict[int, Guesses]:
        """By user, of those who tried wrong codes."""
        return {row[0]: Guesses(*row) for row in _SOME.all(self._connection, user_ids=user_ids)}

    def save_all(self, guesses: Iterable[Guesses]) -> None:
        """Writes them over what was known of their users."""
        rows = [{"user_id": each.user_id, "since": each.since, "wrong": each.wrong} for each in guesses]
        _SAVE.run_many(self._connection, rows)

    def forget(self, before: datetime, *, limit: int) -> int:
        """Deletes so many of which the first was tried before; answers how many."""
        old = select(GUESSES.c.user_id).where(GUESSES.c.since < before).order_by(GUESSES.c.since).limit(limit)
        # Asked again at the row itself: whoever guesses meanwhile begins anew.
        is_old = (GUESSES.c.user_id.in_(old), GUESSES.c.since < before)
        return int(self._connection.execute(delete(GUESSES).where(*is_old)).rowcount)
