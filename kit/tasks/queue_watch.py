"""How much work is waiting or running, for operators and for whoever decides how many workers there should be."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from kit.clock import Clock
from kit.events.waiting import wait_any
from kit.tasks.model import TaskKind, TaskState
from kit.tasks.unfinished import UnfinishedCount
from kit.tasks.units import TaskUnits

_PERIOD_S = 5.0
_UNFINISHED = (TaskState.NEW, TaskState.QUEUED, TaskState.RUNNING)

_log = structlog.get_logger(__name__)


class QueueWatch:
    """The unfinished tasks of all users, as of a few seconds ago. `kinds` are those the service does."""

    def __init__(self, units: TaskUnits, kinds: Sequence[TaskKind], clock: Clock) -> None:
        self._units = units
        self._kinds = tuple(kinds)
        self._clock = clock
        self._counts: Sequence[UnfinishedCount] = ()

    def tasks(self) -> Mapping[tuple[str, ...], float]:
        """How many there are, by kind and state. What was counted last stays while the database cannot be asked."""
        found: dict[tuple[str, ...], float] = {
            (kind.value, state.lower()): 0.0 for kind in self._kinds for state in _UNFINISHED
        }
        found.update({(each.kind.value, each.state.lower()): float(each.tasks) for each in self._counts})
        return found

    def oldest_queued_s(self) -> Mapping[tuple[str, ...], float]:
        """How long the oldest task of each kind has been in the queue, in seconds."""
        now = self._clock.now()
        ages: dict[tuple[str, ...], float] = {(kind.value,): 0.0 for kind in self._kinds}
        for each in self._counts:
            if each.state is TaskState.QUEUED and each.oldest is not None:
                ages[(each.kind.value,)] = max(0.0, (now - each.oldest).total_seconds())
        return ages

    async def step(self) -> None:
        """Counts. Raises what the database raises."""
        self._counts = await self._units.read(lambda unit: unit.tasks.unfinished.by_kind())

    async def run(self, stop: asyncio.Event) -> None:
        """Counts every five seconds until told to stop."""
        while not stop.is_set():
            try:
                await self.step()
            except Exception as error:
                _log.warning("queue_not_counted", error=type(error).__name__)
            await wait_any(stop, timeout_s=_PERIOD_S)
