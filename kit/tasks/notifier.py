"""Tells watchers in this process that a task has changed. A hint: who misses it finds out by looking again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kit.events.waiting import Wakeup


class TaskNotifier:
    """Used from one event loop."""

    def __init__(self) -> None:
        self._watchers: dict[str, set[Wakeup]] = {}
        self._listeners: list[Callable[[str], None]] = []

    def changed(self, task_id: str) -> None:
        """A transaction that changed the task was committed."""
        for wakeup in self._watchers.get(task_id, ()):
            wakeup.set()
        for listener in self._listeners:
            listener(task_id)

    def all_changed(self) -> None:
        """Any task may have changed."""
        for watchers in self._watchers.values():
            for wakeup in watchers:
                wakeup.set()

    def listen(self, listener: Callable[[str], None]) -> None:
        """Passes the id of every changed task to the listener from now on."""
        self._listeners.append(listener)

    @contextmanager
    def watch(self, task_id: str) -> Iterator[Wakeup]:
        """A signal for each change of the task."""
        wakeup = Wakeup()
        watchers = self._watchers.setdefault(task_id, set())
        watchers.add(wakeup)
        try:
            yield wakeup
        finally:
            watchers.discard(wakeup)
            if not watchers:
                self._watchers.pop(task_id, None)
