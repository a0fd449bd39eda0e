"""Forgets wrong codes that no longer count."""

from __future__ import annotations

import asyncio

from kit.clock import Clock
from kit.db.uow import Units
from services.billing.domain.guesses import WINDOW
from services.billing.store.uow import BillingUnit
from services.billing.workers.batches import run_batches

_BATCH = 1000
_PAUSE_S = 600.0


class GuessSweeper:
    """Deletes what is older than the window."""

    def __init__(self, units: Units[BillingUnit], clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def step(self) -> int:
        """Deletes one batch; answers how many users it was about."""
        before = self._clock.now() - WINDOW
        return await self._units.write(lambda unit: unit.guesses.forget(before, limit=_BATCH))

    async def run(self, stop: asyncio.Event) -> None:
        """Steps until told to stop."""
        await run_batches(self.step, stop, batch=_BATCH, pause_s=_PAUSE_S)
