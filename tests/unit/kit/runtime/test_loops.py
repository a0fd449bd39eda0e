from __future__ import annotations

import asyncio

import pytest

from kit.db.failures import unavailable
from kit.loops import BackgroundLoop, LoopFailingError, Phase
from tests.polling import eventually


class FakeWork:
    """A loop that fails a given number of times and then works until stopped."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self.failures = failures
        self.error = error or RuntimeError("lost")
        self.starts = 0
        self.is_working = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        self.starts += 1
        if self.starts <= self.failures:
            raise self.error
        self.is_working.set()
        await stop.wait()


async def test_a_loop_that_failed_is_started_again() -> None:
    work, stop = FakeWork(failures=2), asyncio.Event()
    loop = BackgroundLoop("work", work.run, phase=Phase.WORK, first_pause_s=0.001)
    async with asyncio.TaskGroup() as group:
        group.create_task(loop.supervise(stop))
        await asyncio.wait_for(work.is_working.wait(), 5)
        await loop.check()
        stop.set()
    assert work.starts == 3


async def test_repeated_failure_is_unhealthy() -> None:
    work, stop = FakeWork(failures=1000), asyncio.Event()
    loop = BackgroundLoop("work", work.run, phase=Phase.WORK, first_pause_s=0.001)
    async with asyncio.TaskGroup() as group:
        group.create_task(loop.supervise(stop))
        await eventually(lambda: work.starts >= 3)
        with pytest.raises(LoopFailingError):
            await loop.check()
        stop.set()


async def test_what_a_loop_needs_being_away_is_not_its_fault() -> None:
    work, stop = FakeWork(failures=1000, error=unavailable()), asyncio.Event()
    loop = BackgroundLoop("work", work.run, phase=Phase.WORK, first_pause_s=0.001)
    async with asyncio.TaskGroup() as group:
        group.create_task(loop.supervise(stop))
        await eventually(lambda: work.starts >= 5)
        await loop.check()
        work.error = RuntimeError("lost")
        starts = work.starts
        await eventually(lambda: work.starts >= starts + 3)
        with pytest.raises(LoopFailingError):
            await loop.check()
        stop.set()


async def test_a_loop_that_keeps_running_is_healthy_again() -> None:
    work, stop = FakeWork(failures=4), asyncio.Event()
    loop = BackgroundLoop("work", work.run, phase=Phase.WORK, first_pause_s=0.001, healthy_after_s=0.05)

    async def is_healthy() -> bool:
        try:
            await loop.check()
        except LoopFailingError:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        group.create_task(loop.supervise(stop))
        await asyncio.wait_for(work.is_working.wait(), 5)
        assert not await is_healthy()
        await eventually(is_healthy)
        stop.set()


async def test_returning_ends_the_loop() -> None:
    starts = 0

    async def warm_up(_stop: asyncio.Event) -> None:
        nonlocal starts
        starts += 1

    await BackgroundLoop("warm-up", warm_up, phase=Phase.WORK).supervise(asyncio.Event())
    assert starts == 1


async def test_cancellation_passes() -> None:
    work = FakeWork(failures=0)
    running = asyncio.create_task(BackgroundLoop("work", work.run, phase=Phase.WORK).supervise(asyncio.Event()))
    await asyncio.wait_for(work.is_working.wait(), 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
