"""The loop of workers that take what is due in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from kit.events.waiting import wait_any


async def run_batches(step: Callable[[], Awaitable[int]], stop: asyncio.Event, *, batch: int, pause_s: float) -> None:
    """Steps until told to stop, with a pause whenever less than a batch was due."""
    while not stop.is_set():
        if await step() < batch:
            await wait_any(stop, timeout_s=pause_s)
