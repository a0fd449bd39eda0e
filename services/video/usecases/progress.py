"""What an engine tells while it works, for the task's owner."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from kit.tasks.handlers import Progress
from services.video.engines.base import OnProgress

T = TypeVar("T")


async def reporting(work: Callable[[OnProgress], Awaitable[T]], report: Progress, *, first: int, last: int) -> T:
    """The result of `work`; what it tells becomes percents between `first` and `last`.

    Raises what the work raises. When cancelled, or when a report tells that nobody wants the task any more, the work is
    cancelled and has ended.
    """
    told = asyncio.Event()
    stage, fraction = "", 0.0

    def tell(now: str, done: float) -> None:
        nonlocal stage, fraction
        stage, fraction = now, min(max(done, 0.0), 1.0)
        told.set()

    running = asyncio.ensure_future(work(tell))
    running.add_done_callback(lambda _: told.set())
    try:
        while not running.done():
            await told.wait()
            told.clear()
            if not running.done():
                await report(first + round(fraction * (last - first)), stage)
        return await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
