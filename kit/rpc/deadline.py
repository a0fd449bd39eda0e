"""A deadline for the running task, for paths where `asyncio.timeout` costs more than the work it bounds."""

from __future__ import annotations

import asyncio


class Deadline:
    """Cancels the task that made it after some seconds, unless `lift` comes first.

    The task must ask `has_passed` when it is cancelled, and pass on a cancellation that is somebody else's.
    """

    __slots__ = ("_is_over", "_task", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        task = asyncio.current_task(loop)
        assert task is not None, "a deadline bounds a task"
        self._task = task
        self._is_over = False
        self._timer = loop.call_later(seconds, self._end)

    def lift(self) -> None:
        """Nothing happens any more."""
        self._timer.cancel()

    def has_passed(self) -> bool:
        """Whether the cancellation was this one alone; then the task goes on as if it had not been cancelled."""
        return self._is_over and self._task.uncancel() == 0

    def _end(self) -> None:
        self._is_over = True
        self._task.cancel()
