"""Two pieces of work at the same time leave nothing behind, and nothing is left half done."""

from __future__ import annotations

import asyncio

import pytest

from kit.concurrency import both, completed


class FakeWork:
    """Answers when it is let go, and knows whether it was cancelled."""

    def __init__(self, answer: int | Exception) -> None:
        self._answer = answer
        self.go = asyncio.Event()
        self.started = asyncio.Event()
        self.is_cancelled = False

    async def run(self) -> int:
        self.started.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.is_cancelled = True
            raise
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


async def test_both_run_at_the_same_time() -> None:
    first, second = FakeWork(1), FakeWork(2)
    pair = asyncio.ensure_future(both(first.run(), second.run()))
    await first.started.wait()
    await second.started.wait()
    second.go.set()
    first.go.set()
    assert await pair == (1, 2)


async def test_when_the_second_fails_the_first_is_cancelled() -> None:
    first, second = FakeWork(1), FakeWork(ValueError("no"))
    pair = asyncio.ensure_future(both(first.run(), second.run()))
    await first.started.wait()
    second.go.set()
    with pytest.raises(ValueError, match="no"):
        await pair
    assert first.is_cancelled


async def test_when_the_first_fails_its_error_is_raised() -> None:
    first, second = FakeWork(ValueError("no")), FakeWork(2)
    first.go.set()
    second.go.set()
    with pytest.raises(ValueError, match="no"):
        await both(first.run(), second.run())


async def test_who_leaves_cancels_both() -> None:
    first, second = FakeWork(1), FakeWork(2)
    pair = asyncio.ensure_future(both(first.run(), second.run()))
    await first.started.wait()
    await second.started.wait()
    pair.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pair
    assert first.is_cancelled
    assert second.is_cancelled


async def test_work_is_completed_for_whoever_waits() -> None:
    for work in (FakeWork(1), FakeWork(ValueError("no"))):
        work.go.set()
        found = await asyncio.gather(completed(work.run()), return_exceptions=True)
        assert str(found[0]) in ("1", "no")


@pytest.mark.parametrize("answer", [1, ValueError("no")], ids=["answer", "error"])
async def test_work_is_completed_for_who_leaves_too(answer: int | Exception) -> None:
    work = FakeWork(answer)
    waiting = asyncio.ensure_future(completed(work.run()))
    await work.started.wait()
    for _ in range(2):
        waiting.cancel()
        await asyncio.sleep(0)
    assert not waiting.done()
    work.go.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not work.is_cancelled
