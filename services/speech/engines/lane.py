"""One worker process and the thread that manages it."""

import asyncio
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from services.speech.engines import worker
from services.speech.engines.base import SynthesisRequest, SynthesizerFactory
from services.speech.engines.errors import EngineFailed, EngineTimedOut, SynthesisError

T = TypeVar("T")

# After these nothing is known about the worker, or about the locks it held when it ended.
_RUINOUS = (asyncio.CancelledError, TimeoutError, ProcessExpired, BrokenProcessPool)


class WorkerLane:
    """Runs one job at a time in a worker process that is started when needed and replaced when in doubt.

    Each lane has a process pool of its own with a single worker: workers of one pool share a lock, and one that is
    killed while it holds the lock would take all others with it.
    """

    def __init__(self, engine: str, factory: SynthesizerFactory) -> None:
        self._engine = engine
        self._factory = factory
        # One thread for every blocking call: it keeps them in order, and workers must be children of a thread that
        # lives as long as they may (see process_guard).
        self._control = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"{engine}-lane")
        self._processes: ProcessPool | None = None
        self._running: Future[Any] | None = None
        self._is_closed = False

    async def run(self, function: Callable[..., T], arguments: tuple[SynthesisRequest, ...], *, timeout_s: float) -> T:
        """The result of `function` in the worker. Cancelling the caller kills the worker.

        Raises what `function` raises if it is a SynthesisError, EngineTimedOut, or EngineFailed for everything else.
        """
        try:
            try:
                return await self._attempt(function, arguments, timeout_s)
            except BrokenProcessPool:
                # The worker had died while it was idle: this job did not start, a fresh worker takes it.
                return await self._attempt(function, arguments, timeout_s)
        except SynthesisError:
            raise
        except TimeoutError as error:
            raise EngineTimedOut(self._engine, f"no result within {timeout_s:g} s") from error
        except ProcessExpired as error:
            raise EngineFailed(self._engine, f"worker ended with code {error.exitcode}") from error
        except Exception as error:
            raise EngineFailed(self._engine, type(error).__name__) from error

    async def aclose(self) -> None:
        """Ends the worker; a running job ends with EngineFailed."""
        self._is_closed = True
        if self._running is not None:
            self._running.cancel()
        await asyncio.wrap_future(self._control.submit(self._discard))
        self._control.shutdown(wait=False)

    async def _attempt(
        self, function: Callable[..., T], arguments: tuple[SynthesisRequest, ...], timeout_s: float
    ) -> T:
        if self._is_closed:
            raise EngineFailed(self._engine, "pool is closed")
        try:
            scheduled = self._control.submit(self._schedule, function, arguments, timeout_s)
            future = await asyncio.wrap_future(scheduled)
            self._running = future
            if self._is_closed:  # while the job was handed over; nobody will resolve it
                raise EngineFailed(self._engine, "pool is closed")
            return await asyncio.wrap_future(future)
        except _RUINOUS as error:
            if isinstance(error, asyncio.CancelledError) and self._is_closed and not _is_cancelling():
                raise EngineFailed(self._engine, "pool is closed") from None
            if not self._is_closed:
                self._control.submit(self._discard)
            raise
        finally:
            self._running = None

    def _schedule(
        self, function: Callable[..., T], arguments: tuple[SynthesisRequest, ...], timeout_s: float
    ) -> Future[T]:
        if self._processes is None or not self._processes.active:
            self._discard()
            self._processes = ProcessPool(
                max_workers=1,
                initializer=worker.initialize,
                initargs=(self._factory,),
                context=multiprocessing.get_context("spawn"),
            )
        future: Future[T] = self._processes.schedule(function, args=arguments, timeout=timeout_s)
        return future

    def _discard(self) -> None:
        processes, self._processes = self._processes, None
        if processes is not None:
            processes.stop()
            processes.join()


def _is_cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
