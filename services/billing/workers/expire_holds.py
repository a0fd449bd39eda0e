"""Gives back holds past their time: the last resort for a task whose end never came."""

from __future__ import annotations

import asyncio

import structlog

from kit.clock import Clock
from kit.db.uow import Units
from kit.errors import DomainError
from kit.rpc.context import current_call
from services.billing.domain.commands import ExpireHold, Settlement
from services.billing.store.uow import BillingUnit
from services.billing.usecases.ledger_work import Submission
from services.billing.usecases.ledger_writer import LedgerWriter
from services.billing.workers.batches import run_batches

_BATCH = 100
_PAUSE_S = 5.0

_log = structlog.get_logger(__name__)


class HoldExpiry:
    """Looks for due holds and releases them; each fails alone."""

    def __init__(self, units: Units[BillingUnit], writer: LedgerWriter, clock: Clock) -> None:
        self._units = units
        self._writer = writer
        self._clock = clock

    async def step(self) -> int:
        """Releases one batch; answers how many holds were due."""
        now = self._clock.now()
        due = await self._units.read(lambda unit: unit.holds.due(now, limit=_BATCH))
        submissions = [Submission(ExpireHold(hold_id), current_call()) for hold_id in due]
        for hold_id, result in zip(due, await self._writer.perform(submissions), strict=True):
            if isinstance(result, DomainError):
                _log.warning("hold_not_expired", hold_id=hold_id, reason=result.reason_name)
            elif result is Settlement.SETTLED:
                _log.warning("hold_expired", hold_id=hold_id)
        return len(due)

    async def run(self, stop: asyncio.Event) -> None:
        """Steps until told to stop."""
        await run_batches(self.step, stop, batch=_BATCH, pause_s=_PAUSE_S)
