"""Waiting for something to become true, with a deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

_PERIOD_S = 0.02


async def eventually(condition: Callable[[], bool | Awaitable[bool]], *, within_s: float = 10.0) -> None:
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
