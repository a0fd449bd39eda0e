"""What an engine tells becomes a task's progress."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from kit.tasks.progress import Share, reporting

SHARE = Share("hearing", 10, 90)


class FakeProgress:
    """Keeps what is reported, and raises once so many reports were made."""

    def __init__(self, *, limit: int = 99) -> None:
        self.reports: list[tuple[int, str]] = []
        self._limit = limit

    async def __call__(self, percent: int, stage: str) -> None:
        if len(self.reports) == self._limit:
            raise ConnectionError
        self.reports.append((percent, stage))
        await asyncio.sleep(0)


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_fractions_become_percent_of_the_share() -> None:
    async def work(tell: Callable[[float], None]) -> str:
        for fraction in (0.25, 0.5, 7.0):
            tell(fraction)
            await turns()
        return "heard"

    progress = FakeProgress()
    assert await reporting(work, progress, SHARE) == "heard"
    assert progress.reports == [(10, "hearing"), (30, "hearing"), (50, "hearing"), (90, "hearing")]


async def test_what_is_out_of_date_is_skipped() -> None:
    async def work(tell: Callable[[float], None]) -> None:
        for fraction in (0.1, 0.2, 0.5):
            tell(fraction)
        await turns()

    progress = FakeProgress()
    await reporting(work, progress, SHARE)
    assert [percent for percent, _ in progress.reports] == [10, 50]


async def test_errors_of_the_work_and_of_a_report_come_out_as_they_are() -> None:
    ended: list[str] = []

    async def refuse(_tell: Callable[[float], None]) -> None:
        raise ValueError("no sound")

    async def hang(tell: Callable[[float], None]) -> None:
        tell(0.5)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("work")

    with pytest.raises(ValueError, match="no sound"):
        await reporting(refuse, FakeProgress(), SHARE)
    with pytest.raises(ConnectionError):
        await reporting(hang, FakeProgress(limit=1), SHARE)
    assert ended == ["work"]


async def test_cancelling_ends_the_work_first() -> None:
    ended: list[str] = []

    async def hang(_tell: Callable[[float], None]) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("work")

    task = asyncio.create_task(reporting(hang, FakeProgress(), SHARE))
    await turns()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["work"]
