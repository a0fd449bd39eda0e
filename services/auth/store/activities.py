"""Activities in the database, as they come and go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, delete, select

from kit.db.lean_many import LeanInsertMany
from services.auth.domain.activities import NewActivity
from services.auth.store.tables import ACTIVITIES

_ADD = LeanInsertMany(
    (
        ACTIVITIES.c.user_id,
        ACTIVITIES.c.account,
        ACTIVITIES.c.type,
        ACTIVITIES.c.status,
        ACTIVITIES.c.description,
        ACTIVITIES.c.details,
        ACTIVITIES.c.create_time,
    )
)


class ActivityRepository:
    """Activities, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_all(self, activities: Sequence[NewActivity]) -> None:
        _ADD.run(self._connection, [_row_of(new) for new in activities])

    def delete_before(self, time: datetime, *, limit: int) -> int:
        """Deletes at most `limit` activities of before a time; answers how many."""
        old = select(ACTIVITIES.c.id).where(ACTIVITIES.c.create_time < time).limit(limit)
        return self._connection.execute(delete(ACTIVITIES).where(ACTIVITIES.c.id.in_(old))).rowcount


def _row_of(new: NewActivity) -> tuple[Any, ...]:
    details = orjson.dumps(dict(new.details)).decode()
    return (new.user_id, new.account, new.type, new.status.value, new.description, details, new.create_time)
