"""Orders at a provider, in the memory of one process."""

from __future__ import annotations

from dataclasses import replace

from kit.clock import Clock
from services.video.domain.provider_orders import RUNNING, OrderState, ProviderOrder, Standing


class FakeOrders:
    """Admits `most` at a time, in the order they came."""

    def __init__(self, clock: Clock, *, most: int = 1) -> None:
        self._clock = clock
        self._most = most
        self.kept: dict[str, ProviderOrder] = {}

    async def enter(self, task_id: str) -> Standing:
        new = ProviderOrder(task_id, OrderState.WAITING, "", self._clock.now(), None)
        order = self.kept.setdefault(task_id, new)
        if order.state is not OrderState.WAITING:
            return Standing(order)
        waiting = [key for key, each in self.kept.items() if each.state is OrderState.WAITING]
        running = [key for key, each in self.kept.items() if each.state in RUNNING]
        ahead = len(running) + waiting.index(task_id)
        if ahead >= self._most:
            return Standing(order, ahead)
        self._move(task_id, OrderState.WAITING, OrderState.ADMITTED)
        return Standing(self.kept[task_id])

    async def send(self, task_id: str) -> bool:
        is_sent = self._move(task_id, OrderState.ADMITTED, OrderState.SENT)
        if is_sent:
            self.kept[task_id] = replace(self.kept[task_id], sent_time=self._clock.now())
        return is_sent

    async def take_back(self, task_id: str) -> None:
        self._move(task_id, OrderState.SENT, OrderState.ADMITTED)

    async def place(self, task_id: str, provider_id: str) -> ProviderOrder | None:
        if not self._move(task_id, OrderState.SENT, OrderState.PLACED):
            return None
        self.kept[task_id] = replace(self.kept[task_id], provider_id=provider_id)
        return self.kept[task_id]

    async def end(self, task_id: str) -> None:
        self._move(task_id, OrderState.PLACED, OrderState.ENDED)

    async def forget(self, task_id: str) -> None:
        del self.kept[task_id]

    def _move(self, task_id: str, source: OrderState, target: OrderState) -> bool:
        order = self.kept.get(task_id)
        if order is None or order.state is not source:
            return False
        self.kept[task_id] = replace(order, state=target)
        return True
