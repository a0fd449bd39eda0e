"""The calling side of coalesced calls.

The first call of an idle peer goes out at the end of the loop turn; what arrives while a batch is under way makes
the next one. No timer and no minimum, so a single call is as fast as a plain one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from google.rpc import status_pb2
from grpc import aio

from kit.errors import DomainError, RateLimited
from kit.rpc.batch import CALLS_LIMIT
from kit.rpc.deadline import Deadlines
from kit.rpc.status import deadline_exceeded, error_of, error_of_call
from voxreel.common.v1 import batch_service_pb2 as batch
from voxreel.common.v1 import error_reason_pb2 as reasons

SendBatch = Callable[[batch.DoRequest, float], Awaitable[batch.DoResponse]]

_BYTES_LIMIT = 1 << 20
_WAITING_LIMIT = 20_000
# The peer serves one batch while the replies of another are worked on here. A second one is worth its frame when it
# carries this many calls; a slower first one must not keep a few calls waiting for longer than this.
_BATCHES_UNDER_WAY = 2
_WORTH_A_SECOND = 32
_PATIENCE_S = 0.005
# A batch without an answer for this long may be at a replica that hangs. It gives its place to one that goes to the
# next replica; so many may wait for their end.
_SLOW_S = 0.25
_SLOW_LIMIT = 16


@dataclass(slots=True, eq=False)
class _Waiting:
    call: batch.BatchCall
    future: asyncio.Future[bytes]
    deadline: float

    def expire(self) -> None:
        if not self.future.done():
            self.future.set_exception(deadline_exceeded())


class Coalescer:
    """Gathers calls to one peer. Used from one event loop."""

    def __init__(self, send: SendBatch) -> None:
        self._send = send
        # Asking for the running loop costs a system call on Python 3.11.
        self._loop = asyncio.get_running_loop()
        self._deadlines = Deadlines(self._loop)
        self._waiting: deque[_Waiting] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self._slow: set[asyncio.Task[None]] = set()
        self._is_scheduled = False
        self._patience: asyncio.TimerHandle | None = None

    async def call(self, call: batch.BatchCall, timeout_s: float) -> bytes:
        """The serialized response. Raises what the call failed with, DeadlineExceeded after the timeout."""
        if len(self._waiting) >= _WAITING_LIMIT:
            raise RateLimited(reasons.ERROR_REASON_QUEUE_FULL, "系统繁忙，请稍后重试", retry_after_s=1)
        loop = self._loop
        waiting = _Waiting(call, loop.create_future(), loop.time() + timeout_s)
        self._deadlines.add(waiting)
        self._waiting.append(waiting)
        if not self._is_scheduled:
            self._schedule()
        try:
            return await waiting.future
        finally:
            self._deadlines.discard(waiting)

    async def close(self) -> None:
        """Cancels what is under way and what waits."""
        self._deadlines.close()
        while self._waiting:
            self._waiting.popleft().future.cancel()
        if self._patience is not None:
            self._patience.cancel()
        open_batches = self._under_way | self._slow
        for task in open_batches:
            task.cancel()
        await asyncio.gather(*open_batches, return_exceptions=True)

    def _schedule(self) -> None:
        """Has the waiting calls sent at the end of the turn, when the peer answers, or when patience is at its end."""
        if not self._under_way or len(self._waiting) >= _WORTH_A_SECOND:
            self._is_scheduled = True
            self._loop.call_soon(self._dispatch)
        elif self._patience is None:
            self._patience = self._loop.call_later(_PATIENCE_S, self._dispatch)

    def _dispatch(self) -> None:
        self._is_scheduled = False
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        while self._waiting and len(self._under_way) < _BATCHES_UNDER_WAY:
            free = _BATCHES_UNDER_WAY - len(self._under_way)
            share = max(_WORTH_A_SECOND, -(-len(self._waiting) // free))
            task = self._loop.create_task(self._exchange(self._next_group(min(share, CALLS_LIMIT))))
            self._under_way.add(task)
            timer = self._loop.call_later(_SLOW_S, self._set_aside, task)
            task.add_done_callback(partial(self._finished, timer))

    def _set_aside(self, task: asyncio.Task[None]) -> None:
        if task in self._under_way and len(self._slow) < _SLOW_LIMIT:
            self._slow.add(task)
            self._free_place(task)

    def _finished(self, timer: asyncio.TimerHandle, task: asyncio.Task[None]) -> None:
        timer.cancel()
        self._slow.discard(task)
        self._free_place(task)

    def _free_place(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if self._waiting and not self._is_scheduled:
            self._schedule()

    def _next_group(self, limit: int) -> list[_Waiting]:
        group: list[_Waiting] = []
        size = 0
        while self._waiting and len(group) < limit and size < _BYTES_LIMIT:
            waiting = self._waiting.popleft()
            if not waiting.future.done():
                group.append(waiting)
                size += len(waiting.call.body)
        return group

    async def _exchange(self, group: list[_Waiting]) -> None:
        if not group:
            return
        now = self._loop.time()
        longest_s = 0.0
        for waiting in group:
            left_s = max(waiting.deadline - now, 0.001)
            waiting.call.timeout_ms = int(left_s * 1000)
            longest_s = max(longest_s, left_s)
        request = batch.DoRequest(calls=[waiting.call for waiting in group])
        try:
            response = await self._send(request, longest_s)
        except aio.AioRpcError as error:
            _fail(group, error_of_call(error))
            return
        except BaseException as error:
            _fail(group, error)
            raise
        for waiting, reply in zip(group, response.replies, strict=True):
            if waiting.future.done():
                continue
            if reply.code == 0:
                waiting.future.set_result(reply.body)
            else:
                waiting.future.set_exception(error_of(status_pb2.Status.FromString(reply.status)))


def _fail(group: list[_Waiting], error: BaseException) -> None:
    for waiting in group:
        if waiting.future.done():
            continue
        if isinstance(error, DomainError):
            waiting.future.set_exception(error.copy())
        else:
            waiting.future.cancel()
