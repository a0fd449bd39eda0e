"""Deadlines of many short calls at once, where a timer for each costs more than the call it bounds."""

from __future__ import annotations

import asyncio
import math
from typing import Protocol

_TICK_S = 0.001


class Expiring(Protocol):
    """Something that ends by itself or at its deadline, a time of the loop's clock in seconds."""

    deadline: float

    def expire(self) -> None:
        """Its deadline has passed."""


class Deadlines:
    """Expires what was not discarded before its deadline. One timer, set for the earliest of them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._open: set[Expiring] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._next = math.inf

    def add(self, item: Expiring) -> None:
        """Watches it from now on."""
        self._open.add(item)
        if item.deadline < self._next:
            self._set_timer(item.deadline)

    def discard(self, item: Expiring) -> None:
        """Forgets it. The timer stays: what comes next will most likely need it."""
        self._open.discard(item)

    def close(self) -> None:
        """Expires nothing any more."""
        self._open.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next = when
        self._timer = self._loop.call_at(when, self._sweep)

    def _sweep(self) -> None:
        self._timer, self._next = None, math.inf
        # A timer may fire a clock tick early.
        now = self._loop.time() + _TICK_S
        for item in [item for item in self._open if item.deadline <= now]:
            self._open.discard(item)
            item.expire()
        if self._open:
            self._set_timer(min(item.deadline for item in self._open))


class TaskDeadline:
    """Cancels the task that made it at its deadline.

    The task must ask `has_passed` when it is cancelled, and pass on a cancellation that is somebody else's.
    """

    __slots__ = ("_is_over", "_task", "deadline")

    def __init__(self, loop: asyncio.AbstractEventLoop, deadline: float) -> None:
        task = asyncio.current_task(loop)
        assert task is not None, "a deadline bounds a task"
        self._task = task
        self._is_over = False
        self.deadline = deadline

    def expire(self) -> None:
        self._is_over = True
        self._task.cancel()

    def has_passed(self) -> bool:
        """Whether the cancellation was this one alone; then the task goes on as if it had not been cancelled."""
        return self._is_over and self._task.uncancel() == 0
