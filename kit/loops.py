"""Background loops that outlive their own failures."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum, auto

import structlog

from kit.errors import Unavailable

Run = Callable[[asyncio.Event], Awaitable[None]]

_log = structlog.get_logger()
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 30.0
# A loop that ran this long before it failed starts over with the shortest pause.
_HEALTHY_AFTER_S = 30.0
_FAILURES_UNTIL_UNHEALTHY = 3


class Phase(Enum):
    """When a loop is told to stop: WORK first, SUPPORT after the work and the calls are done."""

    WORK = auto()
    SUPPORT = auto()


class LoopFailingError(Exception):
    """A background loop failed several times in a row."""


class BackgroundLoop:
    """Runs `run(stop)` again after it raised, with growing pauses. Returning before `stop` is set ends it."""

    def __init__(
        self,
        name: str,
        run: Run,
        *,
        phase: Phase,
        first_pause_s: float = _FIRST_PAUSE_S,
        healthy_after_s: float = _HEALTHY_AFTER_S,
    ) -> None:
        self.name = name
        self.phase = phase
        self._run = run
        self._first_pause_s = first_pause_s
        self._healthy_after_s = healthy_after_s
        self._failures = 0
        self._faults = 0
        # When the present run began; None between two runs.
        self._running_since: float | None = None

    async def check(self) -> None:
        """Raises LoopFailingError while the loop keeps failing by itself. What it needs and cannot reach has a check of
        its own, which passes as soon as that is back."""
        if self._faults >= _FAILURES_UNTIL_UNHEALTHY and not self._has_run_long():
            raise LoopFailingError(self.name)

    async def supervise(self, stop: asyncio.Event) -> None:
        """Returns when the loop has ended; raises only cancellation."""
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            self._running_since = loop.time()
            try:
                await self._run(stop)
            except Exception as error:
                self._count(error)
                self._running_since = None
                _log.error("loop.failed", loop=self.name, failures=self._failures, exc_info=error)
                await self._pause(stop)
            else:
                return

    def _count(self, error: Exception) -> None:
        if self._has_run_long():
            self._failures = self._faults = 0
        self._failures += 1
        self._faults += not isinstance(error, Unavailable)

    def _has_run_long(self) -> bool:
        since = self._running_since
        return since is not None and asyncio.get_running_loop().time() - since >= self._healthy_after_s

    async def _pause(self, stop: asyncio.Event) -> None:
        pause_s = min(self._first_pause_s * 2 ** min(self._failures - 1, 16), _LONGEST_PAUSE_S)
        try:
            await asyncio.wait_for(stop.wait(), pause_s)
        except TimeoutError:
            return
