"""Retries with a budget: only idempotent calls, only when the peer was unavailable and is reachable again."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from kit.errors import Unavailable
from voxreel.common.v1 import error_reason_pb2 as reasons

M = TypeVar("M")
R = TypeVar("R")

_ATTEMPTS = 6
_FIRST_BACKOFF_S = 0.05
_LAST_BACKOFF_S = 1.0
_jitter = secrets.SystemRandom()


class RetryBudget:
    """Tokens of one peer. A retry costs ten, a success gives one back; without ten nothing is retried.

    The same accounting as gRPC's retry throttling (gRFC A6).
    """

    _LIMIT = 100
    _COST = 10

    def __init__(self) -> None:
        self._tokens = self._LIMIT

    def succeeded(self) -> None:
        self._tokens = min(self._LIMIT, self._tokens + 1)

    def take(self) -> bool:
        """Whether a retry may be made now."""
        if self._tokens < self._COST:
            return False
        self._tokens -= self._COST
        return True


class PeerConnection(Protocol):
    """See `kit.rpc.connection`."""

    def answered(self) -> None: ...

    async def is_back(self, timeout_s: float) -> bool: ...


async def with_retries(
    attempt: Callable[[M, float], Awaitable[R]],
    message: M,
    *,
    timeout_s: float,
    budget: RetryBudget,
    connection: PeerConnection,
) -> R:
    """Runs an idempotent call until it answers, or the time or budget is over, or its peer stays away.

    `attempt` gets the message and the time left in seconds. Raises what the last attempt raised. An engine that is
    unavailable is an answer of a healthy peer and is not retried.
    """
    end = time.monotonic() + timeout_s
    left_s, backoff_s = timeout_s, _FIRST_BACKOFF_S
    for number in range(1, _ATTEMPTS + 1):
        try:
            result = await attempt(message, left_s)
        except Unavailable as error:
            pause_s = _jitter.uniform(backoff_s / 2, backoff_s)
            left_s = end - time.monotonic() - pause_s
            if number == _ATTEMPTS or left_s <= 0 or not _is_transient(error):
                raise
            await asyncio.sleep(pause_s)
            is_back = await connection.is_back(left_s)
            left_s = end - time.monotonic()
            if not is_back or left_s <= 0 or not budget.take():
                raise
            backoff_s = min(backoff_s * 2, _LAST_BACKOFF_S)
        else:
            budget.succeeded()
            connection.answered()
            return result
    raise AssertionError("the last attempt returns or raises")


def _is_transient(error: Unavailable) -> bool:
    return error.reason == reasons.ERROR_REASON_SERVICE_UNAVAILABLE
