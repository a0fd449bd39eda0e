"""The calling side of coalesced calls.

The first call of an idle peer goes out at the end of the loop turn; what arrives while a batch is under way makes
the next one. No timer and no minimum, so a single call is as fast as a plain one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from google.rpc import status_pb2
from grpc import aio

from kit.errors import DomainError, RateLimited
from kit.rpc.batch import CALLS_LIMIT
from kit.rpc.status import deadline_exceeded, error_of, error_of_call
from voxreel.common.v1 import batch_service_pb2 as batch
from voxreel.common.v1 import error_reason_pb2 as reasons

SendBatch = Callable[[batch.DoRequest, float], Awaitable[batch.DoResponse]]

_BYTES_LIMIT = 1 << 20
_WAITING_LIMIT = 20_000
_BATCHES_UNDER_WAY = 2


@dataclass(slots=True)
class _Waiting:
    call: batch.BatchCall
    future: asyncio.Future[bytes]
    deadline: float


class Coalescer:
    """Gathers calls to one peer. Used from one event loop."""

    def __init__(self, send: SendBatch) -> None:
        self._send = send
        # Asking for the running loop costs a system call on Python 3.11.
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Waiting] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self._is_scheduled = False

    async def call(self, call: batch.BatchCall, timeout_s: float) -> bytes:
        """The serialized response. Raises what the call failed with, DeadlineExceeded after the timeout."""
        if len(self._waiting) >= _WAITING_LIMIT:
            raise RateLimited(reasons.ERROR_REASON_QUEUE_FULL, "系统繁忙，请稍后重试", retry_after_s=1)
        loop = self._loop
        future: asyncio.Future[bytes] = loop.create_future()
        deadline = loop.time() + timeout_s
        timer = loop.call_at(deadline, _expire, future)
        self._waiting.append(_Waiting(call, future, deadline))
        if not self._is_scheduled and len(self._under_way) < _BATCHES_UNDER_WAY:
            self._is_scheduled = True
            loop.call_soon(self._dispatch)
        try:
            return await future
        finally:
            timer.cancel()

    async def close(self) -> None:
        """Cancels what is under way."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _dispatch(self) -> None:
        self._is_scheduled = False
        while self._waiting and len(self._under_way) < _BATCHES_UNDER_WAY:
            task = self._loop.create_task(self._exchange(self._next_group()))
            self._under_way.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._dispatch()

    def _next_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        size = 0
        while self._waiting and len(group) < CALLS_LIMIT and size < _BYTES_LIMIT:
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


def _expire(future: asyncio.Future[bytes]) -> None:
    if not future.done():
        future.set_exception(deadline_exceeded())


def _fail(group: list[_Waiting], error: BaseException) -> None:
    for waiting in group:
        if waiting.future.done():
            continue
        if isinstance(error, DomainError):
            waiting.future.set_exception(error.copy())
        else:
            waiting.future.cancel()
