"""What features cost, and changing it."""

from __future__ import annotations

from dataclasses import dataclass

from kit.clock import Clock
from kit.db.uow import Units
from services.billing.domain.errors import feature_not_found
from services.billing.domain.pricing import ChangePrice, FeaturePrice
from services.billing.events import BillingEvents
from services.billing.store.uow import BillingUnit


@dataclass(frozen=True, slots=True)
class ChangedPrice:
    """A price, and what it was before."""

    price: FeaturePrice
    former_credits: int


class Prices:
    """Prices are read again for every group of holds, so a change is in force when it is answered."""

    def __init__(self, units: Units[BillingUnit], events: BillingEvents, clock: Clock) -> None:
        self._units = units
        self._events = events
        self._clock = clock

    async def list_all(self) -> list[FeaturePrice]:
        """In the order of the contract."""
        return await self._units.read(lambda unit: unit.prices.list_all())

    async def change(self, asked: ChangePrice) -> ChangedPrice:
        """Raises Invalid (FIELD_INVALID) and NotFound (FEATURE_NOT_FOUND)."""
        asked.check()
        return await self._units.write(lambda unit: self._change(unit, asked))

    def _change(self, unit: BillingUnit, asked: ChangePrice) -> ChangedPrice:
        former = unit.prices.lock(asked.feature_key)
        if former is None:
            raise feature_not_found()
        if former.credits == asked.credits:
            return ChangedPrice(former, former.credits)
        now = self._clock.now()
        unit.prices.change(former.key, asked.credits, now)
        price = FeaturePrice(former.key, former.display_name, asked.credits, now)
        unit.outbox.add(self._events.price_changed(price, former.credits, asked.operator_user_id))
        return ChangedPrice(price, former.credits)
