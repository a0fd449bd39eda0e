"""One worker process and the thread that manages it."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Generic, TypeVar

from pebble import ProcessExpired, ProcessPool

from kit.concurrency import completed
from kit.guarded import worker
from kit.guarded.errors import WorkerBroke, WorkerTimedOut
from kit.guarded.limits import ProcessLimits
from kit.guarded.worker import Progress

T = TypeVar("T")
Tool = TypeVar("Tool")
OnProgress = Callable[[Progress], None]

# After these nothing is known about the worker, or about the locks it held when it ended.
_RUINOUS = (asyncio.CancelledError, TimeoutError, ProcessExpired, BrokenProcessPool)


class WorkerLane(Generic[Tool]):
    """Runs one job at a time in a worker process that is started when needed and replaced when in doubt.

    Each lane has a process pool of its own with a single worker: workers of one pool share a lock, and one that is
    killed while it holds the lock would take all others with it.
    """

    def __init__(
        self, name: str, prepare: Callable[[], Tool], limits: ProcessLimits, promised: tuple[type[Exception], ...]
    ) -> None:
        self._prepare = prepare
        self._limits = limits
        self._passing: tuple[type[Exception], ...] = (WorkerBroke, *promised)
        # One thread for every blocking call: it keeps them in order, and workers must be children of a thread that
        # lives as long as they may (see parent_watch).
        self._control = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"{name}-lane")
        self._processes: ProcessPool | None = None
        self._running: Future[Any] | None = None
        self._is_closed = False
        self._reports, self._report_end = multiprocessing.Pipe(duplex=False)
        self._job_number = 0

    async def run(
        self,
        function: Callable[..., T],
        arguments: tuple[Any, ...],
        *,
        timeout_s: float,
        on_progress: OnProgress | None = None,
    ) -> T:
        """The result of `function(tool, *arguments)` in the worker. Cancelling the caller kills the worker.

        Raises what `function` raises if it is of a promised kind, WorkerTimedOut, or WorkerBroke for everything else.
        """
        try:
            try:
                return await self._attempt(function, arguments, timeout_s, on_progress)
            except BrokenProcessPool:
                # The worker had died while it was idle: this job did not start, a fresh worker takes it.
                return await self._attempt(function, arguments, timeout_s, on_progress)
        except self._passing:
            raise
        except TimeoutError as error:
            raise WorkerTimedOut(f"no result within {timeout_s:g} s") from error
        except ProcessExpired as error:
            raise WorkerBroke(f"worker ended with code {error.exitcode}") from error
        except Exception as error:
            raise WorkerBroke(type(error).__name__) from error

    async def aclose(self) -> None:
        """Ends the worker; a running job ends with WorkerBroke."""
        self._is_closed = True
        if self._running is not None:
            self._running.cancel()
        await asyncio.wrap_future(self._control.submit(self._discard))
        self._control.shutdown(wait=False)
        asyncio.get_running_loop().remove_reader(self._reports.fileno())
        self._reports.close()
        self._report_end.close()

    async def _attempt(
        self, function: Callable[..., T], arguments: tuple[Any, ...], timeout_s: float, on_progress: OnProgress | None
    ) -> T:
        if self._is_closed:
            raise WorkerBroke("pool is closed")
        self._job_number += 1
        loop = asyncio.get_running_loop()
        loop.add_reader(self._reports.fileno(), self._pass_report, on_progress)
        try:
            scheduled = self._control.submit(self._schedule, self._job_number, function, arguments, timeout_s)
            future = await asyncio.wrap_future(scheduled)
            self._running = future
            if self._is_closed:  # while the job was handed over; nobody will resolve it
                raise WorkerBroke("pool is closed")
            return await asyncio.wrap_future(future)
        except _RUINOUS as error:
            if isinstance(error, asyncio.CancelledError) and self._is_closed and not _is_cancelling():
                raise WorkerBroke("pool is closed") from None
            if not self._is_closed:
                # Whoever is told that a job has ended removes the files it worked on.
                await completed(asyncio.wrap_future(self._control.submit(self._discard)))
            raise
        finally:
            self._running = None
            if not self._reports.closed:
                loop.remove_reader(self._reports.fileno())
                while self._reports.poll():
                    self._pass_report(on_progress)

    def _pass_report(self, on_progress: OnProgress | None) -> None:
        # A report is written whole or not at all, even by a worker that is killed: it is shorter than PIPE_BUF.
        number, progress = self._reports.recv()
        if on_progress is not None and number == self._job_number:
            on_progress(progress)

    def _schedule(
        self, number: int, function: Callable[..., T], arguments: tuple[Any, ...], timeout_s: float
    ) -> Future[T]:
        if self._processes is None or not self._processes.active:
            self._discard()
            self._processes = ProcessPool(
                max_workers=1,
                initializer=worker.initialize,
                initargs=(self._prepare, self._limits, self._report_end),
                context=multiprocessing.get_context("spawn"),
            )
        job = (number, function, arguments)
        future: Future[T] = self._processes.schedule(worker.call, args=job, timeout=timeout_s)
        return future

    def _discard(self) -> None:
        processes, self._processes = self._processes, None
        if processes is not None:
            processes.stop()
            processes.join()


def _is_cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
