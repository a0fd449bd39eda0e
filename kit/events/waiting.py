"""Waiting for one of several things, with a bound."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from kit.clock import Clock

T = TypeVar("T")


async def wait_any(*events: asyncio.Event, timeout_s: float) -> bool:
    """Waits until one of the events is set; False when the time passed first."""
    if any(event.is_set() for event in events):
        return True
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        done, _ = await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return bool(done)


async def unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """The result of `work`, or None when the stop comes first; the work is then cancelled."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        stopping.cancel()
        await asyncio.wait((working, stopping))


class Wakeup:
    """A signal that is consumed by the wait it ends."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Ends the current wait, or the next one at once."""
        self._event.set()

    async def wait(self, timeout_s: float, *others: asyncio.Event) -> None:
        """Returns at the signal, at one of the other events or after the timeout."""
        await wait_any(self._event, *others, timeout_s=timeout_s)
        self._event.clear()


class Every:
    """Paces a chore inside a loop: due at once, then a while after it was last done."""

    def __init__(self, period_s: float, clock: Clock) -> None:
        self._period_s = period_s
        self._clock = clock
        self._next = clock.monotonic()

    @property
    def is_due(self) -> bool:
        return self._clock.monotonic() >= self._next

    def done(self) -> None:
        """Starts the pause."""
        self._next = self._clock.monotonic() + self._period_s

    def expire(self) -> None:
        """Makes it due now."""
        self._next = self._clock.monotonic()
