"""Two pieces of work of one request at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

A = TypeVar("A")
B = TypeVar("B")


async def both(first: Coroutine[Any, Any, A], second: Coroutine[Any, Any, B]) -> tuple[A, B]:
    """The results of both. Raises what the second raises, else what the first raises; leaves nothing running.

    With one task instead of the two of a group, half the price on paths that are all calls.
    """
    task = asyncio.create_task(first)
    try:
        result = await second
    except BaseException:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
    return await task, result
