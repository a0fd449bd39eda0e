"""Gives back holds past their time: the last resort for a task whose end never came."""

from __future__ import annotations

import asyncio

import structlog

from kit.clock import Clock
from kit.db.uow import Units
from kit.errors import DomainError
from kit.events.waiting import wait_any
from services.billing.store.uow import BillingUnit
from services.billing.usecases.hold_book import HoldBook

_BATCH = 100
_PAUSE_S = 5.0

_log = structlog.get_logger(__name__)


class HoldExpiry:
    """Looks for due holds and releases each in a transaction of its own, so that one fails alone."""

    def __init__(self, units: Units[BillingUnit], book: HoldBook, clock: Clock) -> None:
        self._units = units
        self._book = book
        self._clock = clock

    async def step(self) -> int:
        """Releases one batch; answers how many holds were due."""
        now = self._clock.now()
        due = await self._units.read(lambda unit: unit.holds.due(now, limit=_BATCH))
        async with asyncio.TaskGroup() as group:
            for hold_id in due:
                group.create_task(self._expire(hold_id))
        return len(due)

    async def run(self, stop: asyncio.Event) -> None:
        """Steps until told to stop, with a pause when less than a batch was due."""
        while not stop.is_set():
            if await self.step() < _BATCH:
                await wait_any(stop, timeout_s=_PAUSE_S)

    async def _expire(self, hold_id: str) -> None:
        try:
            has_expired = await self._units.write(lambda unit: self._book.expire(unit, hold_id))
        except DomainError as error:
            _log.warning("hold_not_expired", hold_id=hold_id, reason=error.reason_name)
            return
        if has_expired:
            _log.warning("hold_expired", hold_id=hold_id)
