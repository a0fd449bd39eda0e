"""Finds tasks that wait for somebody who will not come. Any number of sweepers may work on one table."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog

from kit.events.waiting import wait_any
from kit.tasks.units import TaskUnit, TaskUnits

_PERIOD_S = 2.0
_LIMIT = 100
# Longer than any caller takes from recording a task to having its credits held.
_ABANDONED_AFTER = timedelta(seconds=60)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Swept:
    """How many tasks one step treated: failed as never accepted, taken back from a dead worker, woken again."""

    abandoned: int
    expired: int
    repeated: int

    @property
    def is_full(self) -> bool:
        """True when there may be more at once."""
        return max(self.abandoned, self.expired, self.repeated) >= _LIMIT


class Sweeper:
    """Keeps the tasks of one service moving."""

    def __init__(self, units: TaskUnits) -> None:
        self._units = units

    async def step(self) -> Swept:
        """Treats one bounded batch of each kind."""
        swept = await self._units.write(_sweep)
        if swept != Swept(0, 0, 0):
            _log.info("tasks_swept", abandoned=swept.abandoned, expired=swept.expired, repeated=swept.repeated)
        return swept

    async def run(self, stop: asyncio.Event) -> None:
        """Sweeps every two seconds until told to stop."""
        while not stop.is_set():
            try:
                if (await self.step()).is_full:
                    continue
            except Exception as error:
                _log.warning("tasks_not_swept", error=type(error).__name__)
            await wait_any(stop, timeout_s=_PERIOD_S)


def _sweep(unit: TaskUnit) -> Swept:
    backlog = unit.tasks.backlog
    return Swept(
        abandoned=backlog.fail_abandoned(older_than=_ABANDONED_AFTER, limit=_LIMIT),
        expired=backlog.take_back_expired(limit=_LIMIT),
        repeated=backlog.repeat_wakeups(limit=_LIMIT),
    )
