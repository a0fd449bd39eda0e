"""Waiting for something to become true, with a deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from kit.errors import DeadlineExceeded

R = TypeVar("R")

_PERIOD_S = 0.02
_TIMES_ASKED = 20


async def eventually(condition: Callable[[], bool | Awaitable[bool]], *, within_s: float = 60.0) -> None:
    """Returns once the condition holds; fails the test at the deadline."""
    deadline = time.monotonic() + within_s
    pause = asyncio.Event()
    while True:
        found = condition()
        if await found if isinstance(found, Awaitable) else found:
            return
        assert time.monotonic() < deadline, "it did not come true in time"
        try:
            async with asyncio.timeout(_PERIOD_S):
                await pause.wait()
        except TimeoutError:
            continue


async def answered(call: Callable[[], Awaitable[R]]) -> R:
    """The answer to a call that may be made again. A busy machine may keep many callers waiting for longer than a call
    may take; they ask again, as callers do."""
    for _ in range(_TIMES_ASKED - 1):
        try:
            return await call()
        except DeadlineExceeded:
            continue
    return await call()
