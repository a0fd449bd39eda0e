"""What happens to the files of a user who was deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from kit.clock import Clock
from kit.db.uow import Units
from services.files.store.uow import FilesUnit

BATCH = 100

# A task that was running then may still store what it made; none runs as long as this.
_WATCHED_FOR = timedelta(days=7)


class Departures:
    """Remembers who departed, and removes what they left and what still comes in."""

    def __init__(self, units: Units[FilesUnit], clock: Clock) -> None:
        self._units = units
        self._clock = clock

    async def add(self, user_ids: Sequence[int]) -> None:
        """These users were deleted. Saying it again changes nothing."""
        now = self._clock.now()
        await self._units.write(lambda unit: unit.departures.add_all(user_ids, now))

    async def remove_files(self) -> int:
        """Removes up to BATCH of their files, whose bytes become garbage; answers how many."""
        return await self._units.write(self._remove)

    def _remove(self, unit: FilesUnit) -> int:
        now = self._clock.now()
        removed = unit.files.remove_of_departed(BATCH)
        unit.garbage.add([key for key in removed if unit.blobs.release(key)], now)
        if not removed:
            unit.departures.forget(now - _WATCHED_FOR)
        return len(removed)
