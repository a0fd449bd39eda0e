"""Deletes inbox rows of events so old that no broker still delivers them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, Table, and_, delete, select

from kit.clock import Clock
from kit.db.database import Database
from kit.events.waiting import wait_any

# Far beyond the age limit of the streams, so that nothing delivered late is applied again.
_RETENTION = timedelta(days=30)
_PERIOD_S = 3600.0
_LIMIT = 2000

_log = structlog.get_logger(__name__)


class InboxPruner:
    """Keeps one service's inbox small."""

    def __init__(self, database: Database, inbox: Table, clock: Clock) -> None:
        self._database = database
        self._inbox = inbox
        self._clock = clock

    async def step(self) -> int:
        """Deletes one bounded batch; answers how many rows."""
        before = self._clock.now() - _RETENTION
        return await self._database.write(lambda connection: self._delete(connection, before))

    async def run(self, stop: asyncio.Event) -> None:
        """Prunes now and every hour until told to stop."""
        while not stop.is_set():
            try:
                if await self.step() == _LIMIT:
                    continue
            except Exception as error:
                _log.warning("inbox_not_pruned", error=type(error).__name__)
            await wait_any(stop, timeout_s=_PERIOD_S)

    def _delete(self, connection: Connection, before: datetime) -> int:
        columns = self._inbox.c
        old = select(columns.consumer, columns.event_id).where(columns.create_time < before).limit(_LIMIT).subquery()
        is_old = and_(columns.consumer == old.c.consumer, columns.event_id == old.c.event_id)
        result = connection.execute(delete(self._inbox).where(select(old).where(is_old).exists()))
        return int(result.rowcount)
