"""From an engine that tells how far it is, through a callback, to the progress of a task."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from kit.tasks.handlers import Progress

T = TypeVar("T")
Tell: TypeAlias = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a task that one piece of work is: the name of the step, and its percent of the whole."""

    stage: str
    first_percent: int
    last_percent: int

    def percent(self, fraction: float) -> int:
        """Percent of the task when this fraction of the work is done."""
        return self.first_percent + round((self.last_percent - self.first_percent) * min(max(fraction, 0.0), 1.0))


async def reporting(work: Callable[[Tell], Awaitable[T]], report: Progress, share: Share) -> T:
    """The result of `work(tell)`; what it tells, fractions of itself, is reported as the task's progress.

    Reports follow one after another and skip what is out of date by then. A report that raises ends the work.
    """
    await report(share.percent(0.0), share.stage)
    told, latest = asyncio.Event(), [0.0]

    def tell(fraction: float) -> None:
        latest[0] = fraction
        told.set()

    working = asyncio.ensure_future(work(tell))
    working.add_done_callback(lambda _: told.set())
    try:
        while not working.done():
            await told.wait()
            told.clear()
            if not working.done():
                await report(share.percent(latest[0]), share.stage)
    except BaseException:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        raise
    return await working
