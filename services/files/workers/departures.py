"""Hears that users were deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.files.usecases.departures import Departures
from voxreel.auth.v1.events_pb2 import UserDeleted
from voxreel.common.v1.event_pb2 import EventEnvelope

DURABLE: Final = "files--departures"
SUBJECTS: Final = ("evt.auth.user.deleted",)


class DepartureHandler:
    """Handles the events of `SUBJECTS`; each may come any number of times."""

    def __init__(self, departures: Departures) -> None:
        self._departures = departures

    async def __call__(self, envelopes: Sequence[EventEnvelope]) -> None:
        """Raises DecodeError for a payload that is not what its envelope says."""
        await self._departures.add([UserDeleted.FromString(envelope.payload).user_id for envelope in envelopes])
