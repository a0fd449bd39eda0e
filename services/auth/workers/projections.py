"""Writes what auth keeps of everybody's events, each once however often it is delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from kit.clock import Clock
from kit.db.uow import Units
from services.auth.store.uow import AuthUnit
from voxreel.common.v1.event_pb2 import EventEnvelope

DURABLE: Final = "auth--projections"
SUBJECTS: Final = ("evt.>",)

T = TypeVar("T")


class Projection(Protocol[T]):
    """One view of the events."""

    def take(self, envelope: EventEnvelope) -> T | None:
        """What there is to write of an event; None when there is nothing.

        Raises DecodeError for a payload that is not what its envelope says.
        """
        ...

    def write(self, unit: AuthUnit, taken: Sequence[T]) -> None:
        """Writes what was taken, in the transaction that remembers the events."""
        ...


class Projections:
    """All views together, so that an event is received, remembered and acknowledged once for all of them."""

    def __init__(self, units: Units[AuthUnit], clock: Clock, projections: Sequence[Projection[Any]]) -> None:
        self._units = units
        self._clock = clock
        self._projections = projections

    async def __call__(self, envelopes: Sequence[EventEnvelope]) -> None:
        """Applies each event once. Raises what the projections raise."""
        taken: dict[str, list[Any]] = {}
        for envelope in envelopes:
            items = [projection.take(envelope) for projection in self._projections]
            if any(item is not None for item in items):
                taken[envelope.id] = items
        if taken:
            await self._units.write(lambda unit: self._write(unit, taken))

    def _write(self, unit: AuthUnit, taken: Mapping[str, Sequence[Any]]) -> None:
        new = unit.inbox(self._clock.now()).first_times(DURABLE, list(taken))
        fresh = [items for event_id, items in taken.items() if event_id in new]
        for place, projection in enumerate(self._projections):
            projection.write(unit, [items[place] for items in fresh if items[place] is not None])
