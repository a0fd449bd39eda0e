"""Renders that somebody else does: what was ordered there, and whose turn it is.

A provider runs a few orders at a time and is told each of them once. Orders wait here in the order they came.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OrderState(StrEnum):
    """How far an order is. WAITING and ENDED ones take no place at the provider."""

    # Others come first.
    WAITING = "WAITING"
    # It is its turn; the provider knows nothing of it.
    ADMITTED = "ADMITTED"
    # It is on its way: the provider may know it, under an id that nobody has heard.
    SENT = "SENT"
    # The provider has named its id.
    PLACED = "PLACED"
    # The provider is done with it, for better or worse, and still tells of it.
    ENDED = "ENDED"


RUNNING = frozenset({OrderState.ADMITTED, OrderState.SENT, OrderState.PLACED})


@dataclass(frozen=True, slots=True)
class ProviderOrder:
    """The order of one task. `provider_id` is empty until the provider has named it; `sent_time` is None until the
    order is on its way."""

    task_id: str
    state: OrderState
    provider_id: str
    create_time: datetime
    sent_time: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """An order, and how many are ahead of it while it waits."""

    order: ProviderOrder
    ahead: int = 0
