"""Lanes answer every caller, whatever work, runners and loops do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from kit.db.lanes import Job, LanePool
from tests.polling import eventually


class FakeRunner:
    """Runs jobs without a database. `errors` are raised by its next groups."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self.groups: list[int] = []
        self.has_events = False
        self.is_closed = threading.Event()

    def run(self, jobs: Sequence[Job]) -> bool:
        self.groups.append(len(jobs))
        if self.errors:
            raise self.errors.pop()
        for job in jobs:
            job.run(None)
        return self.has_events

    def close(self) -> None:
        self.is_closed.set()


def pool_of(runner: FakeRunner, *, on_events: Callable[[], None] = lambda: None) -> LanePool:
    return LanePool(lambda: runner, name="test", lanes=1, group_limit=10, on_events=on_events)


def raising(error: BaseException) -> Callable[[Any], Any]:
    def work(_connection: Any) -> Any:
        raise error

    return work


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), StopIteration(), asyncio.CancelledError()])
async def test_work_that_would_end_a_thread_or_a_loop_fails_alone(error: BaseException) -> None:
    pool = pool_of(FakeRunner())
    works = [lambda _: 1, raising(error), lambda _: 3]
    results = await asyncio.gather(*[pool.submit(work) for work in works], return_exceptions=True)
    assert (results[0], results[2]) == (1, 3)
    assert isinstance(results[1], RuntimeError)
    assert results[1].__cause__ is error
    await pool.close()


@pytest.mark.parametrize("error", [ValueError(), SystemExit(1), StopIteration()])
async def test_a_runner_that_fails_fails_its_group_and_goes_on(error: BaseException) -> None:
    runner = FakeRunner()
    runner.errors = [error]
    pool = pool_of(runner)
    results = await asyncio.gather(*[pool.submit(lambda _: 1) for _ in range(3)], return_exceptions=True)
    assert {type(result) for result in results} == {ValueError if isinstance(error, ValueError) else RuntimeError}
    assert await pool.submit(lambda _: 2) == 2
    await pool.close()


async def test_a_listener_that_fails_delays_nobody() -> None:
    heard: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: heard.append(str(context["exception"])))

    def listener() -> None:
        raise LookupError("mine")

    runner = FakeRunner()
    runner.has_events = True
    pool = pool_of(runner, on_events=listener)
    async with asyncio.timeout(60):
        assert await asyncio.gather(*[pool.submit(lambda _: 1) for _ in range(25)]) == [1] * 25
        await pool.close()
    assert heard == ["mine"] * 3


async def test_the_work_of_callers_who_left_before_their_turn_is_not_done() -> None:
    gate = threading.Event()
    runner, done = FakeRunner(), []
    pool = pool_of(runner)
    first = pool.submit(lambda _: gate.wait(10))
    await eventually(lambda: runner.groups == [1])
    leaving = [pool.submit(lambda _, n=number: done.append(n)) for number in range(20)]
    staying = pool.submit(lambda _: done.append("stayed"))
    for future in leaving:
        future.cancel()
    gate.set()
    await first
    await staying
    assert done == ["stayed"]
    await pool.close()


async def test_closing_waits_for_what_is_queued_even_if_all_its_callers_left() -> None:
    gate = threading.Event()
    runner = FakeRunner()
    pool = pool_of(runner)
    first = pool.submit(lambda _: gate.wait(10))
    await eventually(lambda: runner.groups == [1])
    last = pool.submit(lambda _: 1)
    last.cancel()
    async with asyncio.TaskGroup() as group:
        group.create_task(pool.close())
        group.create_task(pool.close())
        gate.set()
    assert await first is True
    assert runner.is_closed.is_set()
    with pytest.raises(RuntimeError, match="closed"):
        pool.submit(lambda _: 1)


def test_a_lane_ends_when_its_loop_was_closed_under_it() -> None:
    gate, runner = threading.Event(), FakeRunner()

    async def leave_work_behind() -> None:
        pool_of(runner).submit(lambda _: gate.wait(10))
        await eventually(lambda: runner.groups == [1])

    asyncio.run(leave_work_behind())
    gate.set()
    assert runner.is_closed.wait(10)
