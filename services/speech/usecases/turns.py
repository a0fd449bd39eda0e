"""The limits of providers, kept by all replicas together."""

from __future__ import annotations

import asyncio

from kit.db.uow import Units
from services.speech.engines.dashscope.turns import Limit, NoTurn
from services.speech.store.uow import SpeechUnit

_US_PER_S = 1_000_000


class SharedTurns:
    """`Turns` in the service's database."""

    def __init__(self, units: Units[SpeechUnit]) -> None:
        self._units = units

    async def take(self, limit: Limit, *, within_s: float) -> None:
        """See `Turns`."""
        within_us = round(within_s * _US_PER_S)
        wait_us = await self._units.write(
            lambda unit: unit.turns.reserve(limit.name, interval_us=limit.interval_us, within_us=within_us)
        )
        if wait_us is None:
            raise NoTurn
        await asyncio.sleep(wait_us / _US_PER_S)
