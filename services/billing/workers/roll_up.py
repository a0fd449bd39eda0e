"""Sums the journal as it grows, so that statistics have little left to sum."""

from __future__ import annotations

import asyncio

from kit.db.uow import Units
from kit.events.waiting import wait_any
from services.billing.store.uow import BillingUnit

# Enough that its commits are few, and few enough that whoever waits for the writer of the database does not notice.
BATCH = 2000
_PAUSE_S = 1.0


class RollUp:
    """Steps through the journal. Each step is one database transaction and leaves the sums right."""

    def __init__(self, units: Units[BillingUnit]) -> None:
        self._units = units

    async def step(self) -> int:
        """Sums the next batch; answers of how many transactions."""
        if not await self._units.read(lambda unit: unit.rollup.behind()):
            return 0
        return await self._units.write(lambda unit: unit.rollup.advance(limit=BATCH))

    async def run(self, stop: asyncio.Event) -> None:
        """Steps until told to stop, with a pause when less than a batch was left."""
        while not stop.is_set():
            if await self.step() < BATCH:
                await wait_any(stop, timeout_s=_PAUSE_S)
