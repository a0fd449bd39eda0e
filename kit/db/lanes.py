"""Threads that hold database connections and run work in groups.

Crossing into a thread costs more than a small read, and a commit more than a small write. So whoever asks while
a lane is busy waits in one queue, and an idle lane takes all of it at once: no timer, no minimum.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any, Protocol

from kit.db.failures import QUEUE_FULL, cause_of
from kit.errors import RateLimited
from voxreel.common.v1 import error_reason_pb2 as reasons

_PENDING_LIMIT = 10_000


@dataclass(slots=True)
class Job:
    """Work for a lane, and what came of it."""

    work: Callable[[Any], Any]
    context: Context
    future: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None

    def run(self, connection: Any) -> None:
        """Does the work, and keeps what came of it."""
        self.result, self.error = None, None
        try:
            self.result = self.context.run(self.work, connection)
        except BaseException as error:
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Ends the job with an error, one that a future takes and that ends no event loop."""
        if isinstance(error, Exception) and not isinstance(error, StopIteration):
            self.error = error
            return
        self.error = RuntimeError(f"the work raised {type(error).__name__}")
        self.error.__cause__ = error

    def answer(self) -> None:
        """Tells the caller, if there still is one. Called in the loop."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Runner(Protocol):
    """Owns one connection. All methods run in the lane's thread."""

    def run(self, jobs: Sequence[Job]) -> bool:
        """Fills `result` or `error` of every job. True when events were added."""
        ...

    def close(self) -> None: ...


class _Lane:
    """One thread with one runner."""

    def __init__(self, pool: LanePool, open_runner: Callable[[], Runner], name: str) -> None:
        self._pool = pool
        self._open_runner = open_runner
        self._groups: queue.SimpleQueue[list[Job] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)
        self._thread.start()

    def hand_over(self, jobs: list[Job]) -> None:
        self._groups.put(jobs)

    def stop(self) -> None:
        self._groups.put(None)

    def join(self) -> None:
        self._thread.join()

    def _main(self) -> None:
        runner: Runner | None = None
        while (jobs := self._groups.get()) is not None:
            has_events = False
            try:
                if runner is None:
                    runner = self._open_runner()
                has_events = runner.run(jobs)
            except BaseException as error:
                for job in jobs:
                    job.fail(job.error or error)
            if not self._pool.report(self, jobs, has_events):
                break
        if runner is not None:
            runner.close()


class LanePool:
    """One queue in front of some lanes. Used from one event loop."""

    def __init__(
        self,
        open_runner: Callable[[], Runner],
        *,
        name: str,
        lanes: int,
        group_limit: int,
        on_events: Callable[[], None],
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self._group_limit = group_limit
        self._on_events = on_events
        self._pending: deque[Job] = deque()
        self.failures: Counter[str] = Counter()
        self._is_scheduled = False
        self._is_closed = False
        self._lanes = [_Lane(self, open_runner, f"{name}-{number}") for number in range(lanes)]
        self._idle = list(self._lanes)
        self._drained = asyncio.Event()
        self._drained.set()

    @property
    def waiting(self) -> int:
        """How much work no lane has taken yet."""
        return len(self._pending)

    def submit(self, work: Callable[[Any], Any]) -> asyncio.Future[Any]:
        """Queues work; the future ends with its result or its error. Raises RateLimited when too much waits."""
        if self._is_closed:
            raise RuntimeError("the database is closed")
        if len(self._pending) >= _PENDING_LIMIT:
            self.failures[QUEUE_FULL] += 1
            raise RateLimited(reasons.ERROR_REASON_QUEUE_FULL, "系统繁忙，请稍后重试", retry_after_s=1)
        future: asyncio.Future[Any] = self.loop.create_future()
        self._pending.append(Job(work, copy_context(), future))
        self._drained.clear()
        if self._idle and not self._is_scheduled:
            self._is_scheduled = True
            self.loop.call_soon(self._dispatch)
        return future

    def report(self, lane: _Lane, jobs: list[Job], has_events: bool) -> bool:
        """Called by a lane that has run its group. False when the loop was closed and nobody is left to ask."""
        try:
            self.loop.call_soon_threadsafe(self._finished, lane, jobs, has_events)
        except RuntimeError:
            return False
        return True

    async def close(self) -> None:
        """Lets everything queued finish, then ends the threads."""
        self._is_closed = True
        await self._drained.wait()
        for lane in self._lanes:
            lane.stop()
        for lane in self._lanes:
            await asyncio.to_thread(lane.join)

    def _finished(self, lane: _Lane, jobs: list[Job], has_events: bool) -> None:
        self._idle.append(lane)
        for job in jobs:
            if job.error is not None and (cause := cause_of(job.error)):
                self.failures[cause] += 1
            job.answer()
        self._dispatch()
        if has_events:
            # Last, so that a listener that fails delays nobody.
            self._on_events()

    def _dispatch(self) -> None:
        self._is_scheduled = False
        while self._idle and (group := self._next_group()):
            self._idle.pop().hand_over(group)
        if not self._pending and len(self._idle) == len(self._lanes):
            self._drained.set()

    def _next_group(self) -> list[Job]:
        """The jobs at the head of the queue whose callers still wait."""
        group: list[Job] = []
        while self._pending and len(group) < self._group_limit:
            job = self._pending.popleft()
            if not job.future.done():
                group.append(job)
        return group
