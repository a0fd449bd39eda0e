"""Says which tasks have changed, to whoever follows them from another process.

A hint has no content beside the id and is kept by nobody: what became of the task is read from its row. So it costs no
transaction, and what is lost or comes twice does no harm.
"""

from __future__ import annotations

import asyncio

import structlog

from kit.events.bus import Bus, BusUnavailable
from kit.events.streams import task_hint_subject
from kit.events.waiting import Wakeup, wait_any
from kit.tasks.notifier import TaskNotifier

# Of one task there is at most one hint in this time; a change within it is told at its end.
PERIOD_S = 1.0
_IDLE_S = 60.0
# Ids of a message together stay far below what the broker takes. What does not fit is found by asking.
_LIMIT = 5_000

_log = structlog.get_logger(__name__)


class TaskHints:
    """Gathers the ids that a notifier hears of and tells them together. Used from one event loop."""

    def __init__(self, bus: Bus, service: str, notifier: TaskNotifier) -> None:
        self._bus = bus
        self._subject = task_hint_subject(service)
        self._changed: set[str] = set()
        self._wakeup = Wakeup()
        notifier.listen(self._add)

    async def step(self) -> int:
        """Tells what has changed since the last step; answers of how many tasks."""
        told, self._changed = self._changed, set()
        if not told:
            return 0
        try:
            await self._bus.hint(self._subject, hint_of(told))
        except BusUnavailable:
            _log.debug("task_hint_lost", tasks=len(told))
        return len(told)

    async def run(self, stop: asyncio.Event) -> None:
        """Tells until stopped; what has changed by then is told last."""
        while not stop.is_set():
            await self._wakeup.wait(_IDLE_S, stop)
            await self.step()
            await wait_any(stop, timeout_s=PERIOD_S)
        await self.step()

    def _add(self, task_id: str) -> None:
        if len(self._changed) < _LIMIT:
            self._changed.add(task_id)
            self._wakeup.set()


def hint_of(task_ids: set[str]) -> bytes:
    """The body of a hint: ids, a line each."""
    return "\n".join(sorted(task_ids)).encode()


def ids_of_hint(body: bytes) -> list[str]:
    """The ids in the body of a hint."""
    return body.decode(errors="replace").splitlines()
