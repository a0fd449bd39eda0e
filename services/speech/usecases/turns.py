"""The limits of providers, kept by all replicas together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kit.db.uow import Units
from kit.ids import IdSource
from services.speech.engines.dashscope.turns import Limit, NoTurn
from services.speech.store.uow import SpeechUnit

_US_PER_S = 1_000_000
_LOOK_S = 0.25
# A caller out of time takes a moment to notice; who has died is given up after that.
_LEASE_PER_TIME = 2


class SharedTurns:
    """`Turns` in the service's database."""

    def __init__(self, units: Units[SpeechUnit], ids: IdSource, *, look_s: float = _LOOK_S) -> None:
        self._units = units
        self._ids = ids
        self._look_s = look_s

    @asynccontextmanager
    async def turn(self, limit: Limit, *, within_s: float) -> AsyncIterator[None]:
        """See `Turns`."""
        if limit.most_running == 0:
            await self._wait(limit, within_s)
            yield
            return
        holder = self._ids.random()
        try:
            await self._enter(limit, holder, within_s)
            await self._wait(limit, within_s)
            yield
        finally:
            await self._units.write(lambda unit: unit.running.leave(limit.name, holder))

    async def _enter(self, limit: Limit, holder: str, within_s: float) -> None:
        lease_us = round(within_s * _LEASE_PER_TIME * _US_PER_S)

        def enter(unit: SpeechUnit) -> bool:
            return unit.running.enter(limit.name, holder, most=limit.most_running, lease_us=lease_us)

        try:
            async with asyncio.timeout(within_s):
                while True:
                    if await self._units.write(enter):
                        return
                    await asyncio.sleep(self._look_s)
        except TimeoutError as error:
            raise NoTurn from error

    async def _wait(self, limit: Limit, within_s: float) -> None:
        within_us = round(within_s * _US_PER_S)
        wait_us = await self._units.write(
            lambda unit: unit.turns.reserve(limit.name, interval_us=limit.interval_us, within_us=within_us)
        )
        if wait_us is None:
            raise NoTurn
        await asyncio.sleep(wait_us / _US_PER_S)
