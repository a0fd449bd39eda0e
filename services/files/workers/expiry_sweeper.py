"""The loop that removes what nobody is to have any more."""

from __future__ import annotations

import asyncio

from kit.events.waiting import wait_any
from services.files.usecases.departures import Departures
from services.files.usecases.expiry import Expiry


class ExpirySweeper:
    """Sweeps at an interval; while there is more, without a pause."""

    def __init__(self, expiry: Expiry, departures: Departures, *, interval_s: float) -> None:
        self._expiry = expiry
        self._departures = departures
        self._interval_s = interval_s

    async def step(self) -> int:
        """One bounded sweep; answers how many files and blobs were found or deleted."""
        found = await self._departures.remove_files() + await self._expiry.remove_expired()
        return found + await self._expiry.collect_garbage()

    async def run(self, stop: asyncio.Event) -> None:
        """Sweeps until `stop` is set."""
        while not stop.is_set():
            if await self.step() == 0:
                await wait_any(stop, timeout_s=self._interval_s)
