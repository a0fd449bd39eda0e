"""Runs CPU-bound jobs in a bounded number of guarded worker processes and offers them to the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar, TypeVarTuple

from kit.guarded import worker
from kit.guarded.errors import WorkersBusy, WorkerTimedOut
from kit.guarded.lane import OnProgress, WorkerLane
from kit.guarded.limits import ProcessLimits

T = TypeVar("T")
Tool = TypeVar("Tool")
Ts = TypeVarTuple("Ts")

_NO_LIMITS = ProcessLimits()


class GuardedPool(Generic[Tool]):
    """Worker processes (started by spawn), each holding one tool that `prepare` makes there at its first job.

    At most `max_workers` jobs run and `max_waiting` more wait; beyond that WorkersBusy is raised at once. A job that
    is cancelled or out of time has its worker killed; a worker that dies takes only its own job with it. `prepare`,
    the jobs and their arguments must be picklable: they travel to the process they run in. `promised` are the errors
    a job may raise on purpose; they must survive pickling.
    """

    def __init__(
        self,
        prepare: Callable[[], Tool],
        *,
        name: str,
        promised: tuple[type[Exception], ...] = (),
        limits: ProcessLimits = _NO_LIMITS,
        max_workers: int = 1,
        max_waiting: int = 64,
    ) -> None:
        self._max_jobs = max_workers + max_waiting
        self._jobs = 0
        self._lanes = tuple(WorkerLane(name, prepare, limits, promised) for _ in range(max_workers))
        self._free_lanes = list(self._lanes)
        self._slots = asyncio.Semaphore(max_workers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stops the workers; running and waiting jobs end with WorkerBroke. The pool cannot be used again."""
        async with asyncio.TaskGroup() as closing:
            for lane in self._lanes:
                closing.create_task(lane.aclose())

    async def warm_up(self, *, timeout_s: float) -> None:
        """Makes the tool in one worker, so that the first job need not wait for it. Raises as `run`."""
        await self.run(worker.make_tool, timeout_s=timeout_s)

    async def run(
        self,
        function: Callable[[Tool, *Ts], T],
        *arguments: *Ts,
        timeout_s: float,
        on_progress: OnProgress | None = None,
    ) -> T:
        """The result of `function(tool, *arguments)` in a worker; `timeout_s` includes the wait for one.

        `on_progress` is called on this loop with what the job tells through `worker.report`. Raises the promised
        errors of the job, WorkersBusy, WorkerTimedOut, or WorkerBroke for everything else.
        """
        if self._jobs >= self._max_jobs:
            raise WorkersBusy(f"{self._jobs} jobs running or waiting")
        self._jobs += 1
        try:
            async with asyncio.timeout(timeout_s), self._slots:
                lane = self._free_lanes.pop()  # the one used last: its tool is the most likely to be ready
                try:
                    return await lane.run(function, arguments, timeout_s=timeout_s, on_progress=on_progress)
                finally:
                    self._free_lanes.append(lane)
        except TimeoutError as error:
            raise WorkerTimedOut(f"no result within {timeout_s:g} s") from error
        finally:
            self._jobs -= 1
