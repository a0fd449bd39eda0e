"""How much work is waiting or running, for whoever decides how many workers there should be."""

from __future__ import annotations

import asyncio

import structlog

from kit.events.waiting import wait_any
from kit.tasks.units import TaskUnits

_PERIOD_S = 5.0

_log = structlog.get_logger(__name__)


class QueueSize:
    """The number of unfinished tasks of all users, as of a few seconds ago."""

    def __init__(self, units: TaskUnits) -> None:
        self._units = units
        self._tasks = 0

    def tasks(self) -> float:
        """What was counted last; it stays while the database cannot be asked."""
        return float(self._tasks)

    async def step(self) -> None:
        """Counts. Raises what the database raises."""
        self._tasks = await self._units.read(lambda unit: unit.tasks.unfinished.size())

    async def run(self, stop: asyncio.Event) -> None:
        """Counts every five seconds until told to stop."""
        while not stop.is_set():
            try:
                await self.step()
            except Exception as error:
                _log.warning("queue_not_counted", error=type(error).__name__)
            await wait_any(stop, timeout_s=_PERIOD_S)
