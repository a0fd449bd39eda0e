"""Forgets refresh tokens that have ended, so that the table does not grow with every login."""

from __future__ import annotations

import asyncio
import contextlib

from kit.clock import Clock
from kit.db.uow import Units
from services.auth.store.uow import AuthUnit

_BATCH = 500
_PAUSE_S = 600.0


class SessionPruner:
    """Deletes ended sessions in small transactions."""

    def __init__(self, units: Units[AuthUnit], clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def step(self) -> int:
        """Deletes one batch; answers how many sessions it held."""
        now = self._clock.now()
        return await self._units.write(lambda unit: unit.sessions.delete_expired(now, limit=_BATCH))

    async def run(self, stop: asyncio.Event) -> None:
        """Steps until `stop` is set, with a pause when nothing is left to do."""
        while not stop.is_set():
            if await self.step() == _BATCH:
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _PAUSE_S)
