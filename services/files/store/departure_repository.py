"""Users who were deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete

from kit.db.lean_write import LeanWrite, insert_if_absent
from kit.events.tables import core_table
from services.files.store.tables import DepartedUserRow

_DEPARTED = core_table(DepartedUserRow)
_ADD = LeanWrite(insert_if_absent(_DEPARTED))


class DepartureRepository:
    """The departed users of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_all(self, user_ids: Sequence[int], now: datetime) -> None:
        """Nothing changes for one who is known."""
        _ADD.run_many(self._connection, [{"user_id": user_id, "create_time": now} for user_id in user_ids])

    def forget(self, before: datetime) -> None:
        """Forgets who departed before that time."""
        self._connection.execute(delete(_DEPARTED).where(_DEPARTED.c.create_time < before))
