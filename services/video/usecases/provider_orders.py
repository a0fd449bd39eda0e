"""Orders at a provider, kept by all replicas together, and let go when nobody wants them any more."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Protocol

import structlog

from kit.clock import Clock
from kit.db.uow import Units
from kit.engines import EngineError
from kit.events.waiting import wait_any
from services.video.domain.provider_orders import OrderState, ProviderOrder, Standing
from services.video.store.uow import VideoUnit

_PERIOD_S = 2.0
_BATCH = 20
# Whoever was placing an order when its task ended has finished or died by then.
_PLACED_BY_THEN = timedelta(minutes=2)
# The provider gives up what takes longer.
_ENDED_BY_THEN = timedelta(hours=4)

_log = structlog.get_logger(__name__)


class SharedOrders:
    """The `Orders` of the engine, in the service's database; at most `most` have a place at the provider."""

    def __init__(self, units: Units[VideoUnit], *, most: int) -> None:
        self._units = units
        self._most = most

    async def enter(self, task_id: str) -> Standing:
        """See `Orders`, as for all of them."""
        return await self._units.write(lambda unit: unit.provider_orders.enter(task_id, most=self._most))

    async def send(self, task_id: str) -> bool:
        return await self._units.write(lambda unit: unit.provider_orders.send(task_id)) is not None

    async def take_back(self, task_id: str) -> None:
        await self._units.write(lambda unit: unit.provider_orders.take_back(task_id))

    async def place(self, task_id: str, provider_id: str) -> ProviderOrder | None:
        return await self._units.write(lambda unit: unit.provider_orders.place(task_id, provider_id))

    async def end(self, task_id: str) -> None:
        await self._units.write(lambda unit: unit.provider_orders.end(task_id))

    async def forget(self, task_id: str) -> None:
        await self._units.write(lambda unit: unit.provider_orders.remove(task_id))


class ProviderLine(Protocol):
    """The provider, as far as it is told that orders are unwanted."""

    async def let_go(self, provider_id: str) -> bool:
        """Cancels an order if it has not begun; True when the provider is done with it. Raises EngineError."""
        ...


class OrderKeeper:
    """Lets orders go whose tasks have ended: by success, by failure, by their owner, or with the process that did them.

    An order keeps its place until the provider is done with it. Any number of keepers may work on one table.
    """

    def __init__(self, units: Units[VideoUnit], line: ProviderLine, clock: Clock) -> None:
        self._units = units
        self._line = line
        self._clock = clock

    async def step(self) -> int:
        """Looks at a bounded number of orders; answers how many are gone."""
        unwanted = await self._units.read(lambda unit: unit.provider_orders.unwanted(limit=_BATCH))
        over = [order.task_id for order in unwanted if await self._is_over(order)]
        if over:
            await self._units.write(lambda unit: unit.provider_orders.remove(*over))
        return len(over)

    async def run(self, stop: asyncio.Event) -> None:
        """Looks every two seconds until told to stop."""
        while not stop.is_set():
            try:
                await self.step()
            except Exception as error:
                _log.warning("provider_orders_not_kept", error=type(error).__name__)
            await wait_any(stop, timeout_s=_PERIOD_S)

    async def _is_over(self, order: ProviderOrder) -> bool:
        age = self._clock.now() - (order.sent_time or order.create_time)
        if order.state is OrderState.SENT:
            return age > _PLACED_BY_THEN
        if order.state is not OrderState.PLACED or age > _ENDED_BY_THEN:
            return True
        try:
            return await self._line.let_go(order.provider_id)
        except EngineError as error:
            _log.warning("provider_order_not_let_go", task_id=order.task_id, error=type(error).__name__)
            return False
