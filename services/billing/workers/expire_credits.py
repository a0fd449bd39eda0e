"""Takes credits whose time is over, from users who do nothing themselves."""

from __future__ import annotations

import asyncio

import structlog

from kit.clock import Clock
from kit.db.uow import Units
from kit.errors import DomainError
from kit.rpc.context import current_call
from services.billing.domain.commands import ExpireCredits
from services.billing.store.uow import BillingUnit
from services.billing.usecases.ledger_work import Submission
from services.billing.usecases.ledger_writer import LedgerWriter
from services.billing.workers.batches import run_batches

_BATCH = 100
_PAUSE_S = 5.0

_log = structlog.get_logger(__name__)


class CreditExpiry:
    """Looks for overdue accounts; each fails alone."""

    def __init__(self, units: Units[BillingUnit], writer: LedgerWriter, clock: Clock) -> None:
        self._units = units
        self._writer = writer
        self._clock = clock

    async def step(self) -> int:
        """Settles one batch; answers how many accounts were overdue."""
        now = self._clock.now()
        overdue = await self._units.read(lambda unit: unit.accounts.overdue(now, limit=_BATCH))
        submissions = [Submission(ExpireCredits(user_id), current_call()) for user_id in overdue]
        for user_id, result in zip(overdue, await self._writer.perform(submissions), strict=True):
            if isinstance(result, DomainError):
                _log.warning("credits_not_expired", user_id=user_id, reason=result.reason_name)
        return len(overdue)

    async def run(self, stop: asyncio.Event) -> None:
        """Steps until told to stop."""
        await run_batches(self.step, stop, batch=_BATCH, pause_s=_PAUSE_S)
