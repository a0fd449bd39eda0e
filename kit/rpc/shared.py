"""Calls with the same answer for everybody: those who wait at the same time share one.

No answer is kept. A call goes out after all who share it have asked, so each gets what it would have got alone: who has
changed something sees the change. While it is under way the next ones gather, as they do for batches.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from kit.errors import DomainError, RateLimited
from kit.rpc.context import CallContext, bind_call, current_call
from voxreel.common.v1 import error_reason_pb2 as reasons

_WAITING_LIMIT = 20_000


class _Waiting(NamedTuple):
    future: asyncio.Future[Any]
    request_id: str


class SharedCall:
    """One method of one peer. Made in the event loop that uses it; `close` when done."""

    def __init__(self, call: Callable[[Any], Awaitable[Any]]) -> None:
        self._call = call
        self._loop = asyncio.get_running_loop()
        self._waiting: list[_Waiting] = []
        self._flights: asyncio.Task[None] | None = None

    async def __call__(self, request: Any) -> Any:
        """The response, which others read, too. It has the time of the method, and that of the call before it."""
        if len(self._waiting) >= _WAITING_LIMIT:
            raise RateLimited(reasons.ERROR_REASON_QUEUE_FULL, "系统繁忙，请稍后重试", retry_after_s=1)
        waiting = _Waiting(self._loop.create_future(), current_call().request_id)
        self._waiting.append(waiting)
        if self._flights is None:
            self._flights = self._loop.create_task(self._fly(request))
        return await waiting.future

    async def close(self) -> None:
        """Cancels those who wait."""
        if self._flights is not None:
            self._flights.cancel()
            await asyncio.gather(self._flights, return_exceptions=True)
            # A task that is cancelled before its first step does not even end as it would.
            self._flights = None
            _cancel(self._waiting)

    async def _fly(self, request: Any) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                await self._answer(request, group)
        finally:
            self._flights = None
            _cancel(self._waiting)

    async def _answer(self, request: Any, group: list[_Waiting]) -> None:
        # Nobody's identity and nobody's deadline: who asked first may leave first.
        bind_call(CallContext(request_id=group[0].request_id))
        try:
            response = await self._call(request)
        except DomainError as error:
            for waiting in group:
                if not waiting.future.done():
                    waiting.future.set_exception(error.copy())
        except BaseException:
            _cancel(group)
            raise
        else:
            for waiting in group:
                if not waiting.future.done():
                    waiting.future.set_result(response)


def _cancel(group: list[_Waiting]) -> None:
    for waiting in group:
        waiting.future.cancel()
