"""What the engine asks of whoever keeps its orders, for all processes together and beyond the life of each."""

from __future__ import annotations

from typing import Protocol

from services.video.domain.provider_orders import ProviderOrder, Standing


class Orders(Protocol):
    """One order for each task. A step that answers None or False was not taken: the order is not what it was, because
    another attempt at the task, or the end of the task, came between."""

    async def enter(self, task_id: str) -> Standing:
        """The order of a task, made if there is none; admitted if it is its turn."""
        ...

    async def send(self, task_id: str) -> bool:
        """Writes down that an admitted order goes out now."""
        ...

    async def take_back(self, task_id: str) -> None:
        """The provider has turned the sent order away: it is admitted as before."""
        ...

    async def place(self, task_id: str, provider_id: str) -> ProviderOrder | None:
        """Writes down under which id the provider has the sent order."""
        ...

    async def end(self, task_id: str) -> None:
        """The provider is done with the order: its place is free."""
        ...

    async def forget(self, task_id: str) -> None:
        """Nothing will come of the order; the next attempt may place another."""
        ...


class NoOrders:
    """`Orders` of settings that are only looked at: no order has its turn."""

    async def enter(self, task_id: str) -> Standing:
        """Raises LookupError, as all of them do."""
        raise LookupError(task_id)

    async def send(self, task_id: str) -> bool:
        raise LookupError(task_id)

    async def take_back(self, task_id: str) -> None:
        raise LookupError(task_id)

    async def place(self, task_id: str, provider_id: str) -> ProviderOrder | None:
        raise LookupError(task_id, provider_id)

    async def end(self, task_id: str) -> None:
        raise LookupError(task_id)

    async def forget(self, task_id: str) -> None:
        raise LookupError(task_id)
