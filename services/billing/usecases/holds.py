"""Holding credits for a task, taking them and giving them back."""

from __future__ import annotations

from kit.db.uow import Units
from services.billing.domain.holds import Hold, Reservation
from services.billing.store.uow import BillingUnit
from services.billing.usecases.hold_book import HoldBook


class Holds:
    """One transaction per call; errors are those of HoldBook."""

    def __init__(self, units: Units[BillingUnit], book: HoldBook) -> None:
        self._units = units
        self._book = book

    async def reserve(self, reservation: Reservation) -> Hold:
        """Also raises Invalid (FIELD_INVALID)."""
        reservation.check()
        return await self._units.write(lambda unit: self._book.reserve(unit, reservation))

    async def capture(self, hold_id: str, credits: int | None) -> Hold:
        return await self._units.write(lambda unit: self._book.capture(unit, hold_id, credits))

    async def release(self, hold_id: str) -> Hold:
        return await self._units.write(lambda unit: self._book.release(unit, hold_id))
