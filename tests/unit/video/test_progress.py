"""How an engine's progress becomes the task's."""

from __future__ import annotations

import asyncio

import pytest

from services.video.engines.base import OnProgress
from services.video.usecases.progress import reporting


class FakeTask:
    """Remembers reports; from `lost_at` percent on, nobody wants the task any more."""

    def __init__(self, lost_at: int = 101) -> None:
        self.reports: list[tuple[int, str]] = []
        self._lost_at = lost_at

    async def report(self, percent: int, stage: str) -> None:
        self.reports.append((percent, stage))
        if percent >= self._lost_at:
            raise LookupError


class FakeWork:
    """Tells how far it is after each step it is let do."""

    def __init__(self) -> None:
        self.steps: asyncio.Queue[tuple[str, float] | Exception | None] = asyncio.Queue()
        self.is_stopped = False

    async def __call__(self, tell: OnProgress) -> str:
        try:
            while (step := await self.steps.get()) is not None:
                if isinstance(step, Exception):
                    raise step
                tell(*step)
        except asyncio.CancelledError:
            self.is_stopped = True
            raise
        return "result"


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_fractions_become_percents_in_order() -> None:
    task, work = FakeTask(), FakeWork()
    running = asyncio.ensure_future(reporting(work, task.report, first=10, last=90))
    for step in (("analysing", 0.0), ("analysing", 0.25), ("rendering", 0.5), ("rendering", 7.0)):
        work.steps.put_nowait(step)
        await _turns()
    work.steps.put_nowait(None)
    assert await running == "result"
    assert task.reports == [(10, "analysing"), (30, "analysing"), (50, "rendering"), (90, "rendering")]


async def test_errors_of_the_work_come_through() -> None:
    work = FakeWork()
    work.steps.put_nowait(ValueError())
    with pytest.raises(ValueError):
        await reporting(work, FakeTask().report, first=0, last=100)


async def test_a_task_that_nobody_wants_stops_the_work() -> None:
    work = FakeWork()
    work.steps.put_nowait(("rendering", 0.5))
    with pytest.raises(LookupError):
        await reporting(work, FakeTask(lost_at=50).report, first=0, last=100)
    assert work.is_stopped


async def test_cancelling_stops_the_work() -> None:
    work = FakeWork()
    running = asyncio.ensure_future(reporting(work, FakeTask().report, first=0, last=100))
    await _turns()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert work.is_stopped
