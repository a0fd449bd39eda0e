"""Natural batching: while one group is being committed, the next one gathers. No timer, no minimum."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from kit.errors import RateLimited
from kit.values import value
from voxreel.common.v1 import error_reason_pb2 as reasons

C = TypeVar("C")
R = TypeVar("R")

_GROUP_LIMIT = 512
_WAITING_LIMIT = 10_000


@value
class _Waiting(Generic[C, R]):
    """Commands that came together, and the promise of their results."""

    commands: Sequence[C]
    results: asyncio.Future[Sequence[R]]


class GroupCommit(Generic[C, R]):
    """Runs the commands of many callers as few groups. Used from one event loop; close it at the end.

    `commit` answers one result per command, in their order; what it raises ends all commands of the group.
    """

    def __init__(self, commit: Callable[[Sequence[C]], Awaitable[Sequence[R]]]) -> None:
        self._commit = commit
        self._queue: deque[_Waiting[C, R]] = deque()
        self._queued = 0
        self._running: asyncio.Task[None] | None = None

    async def perform(self, commands: Sequence[C]) -> Sequence[R]:
        """The results of the commands, in their order. Raises RateLimited when too much waits.

        Commands of a caller who is cancelled before their turn are not run.
        """
        if not commands:
            return ()
        if self._queued + len(commands) > _WAITING_LIMIT:
            raise RateLimited(reasons.ERROR_REASON_QUEUE_FULL, "系统繁忙，请稍后重试", retry_after_s=1)
        loop = asyncio.get_running_loop()
        waiting: _Waiting[C, R] = _Waiting(commands, loop.create_future())
        self._queue.append(waiting)
        self._queued += len(commands)
        if self._running is None:
            # Work for many runs in the context of none of them.
            self._running = loop.create_task(self._run(), name="group commit", context=Context())
        return await waiting.results

    async def close(self) -> None:
        """Waits until everything queued is done."""
        if self._running is not None:
            await self._running

    async def _run(self) -> None:
        try:
            while group := self._next_group():
                await self._run_group(group)
        finally:
            self._running = None
            for left in self._queue:
                left.results.cancel()
            self._queue.clear()
            self._queued = 0

    async def _run_group(self, group: Sequence[_Waiting[C, R]]) -> None:
        commands = [command for waiting in group for command in waiting.commands]
        try:
            results = await self._commit(commands)
        except BaseException:
            for waiting in group:
                waiting.results.cancel()
            raise
        start = 0
        for waiting in group:
            end = start + len(waiting.commands)
            if not waiting.results.done():
                waiting.results.set_result(results[start:end])
            start = end

    def _next_group(self) -> list[_Waiting[C, R]]:
        """Those at the head of the queue whose callers still wait."""
        group: list[_Waiting[C, R]] = []
        size = 0
        while self._queue and (not group or size + len(self._queue[0].commands) <= _GROUP_LIMIT):
            waiting = self._queue.popleft()
            self._queued -= len(waiting.commands)
            if not waiting.results.done():
                group.append(waiting)
                size += len(waiting.commands)
        return group
