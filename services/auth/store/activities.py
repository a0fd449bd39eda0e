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

_ADD = LeanInsertMany(ACTIVITIES)


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


def _row_of(new: NewActivity) -> dict[str, Any]:
    return {
        "user_id": new.user_id,
        "account": new.account,
        "type": new.type,
        "status": new.status.value,
        "description": new.description,
        "details": orjson.dumps(dict(new.details)).decode(),
        "create_time": new.create_time,
    }
