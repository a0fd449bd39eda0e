"""What happens to files and grants whose time is over."""

from __future__ import annotations

from datetime import timedelta

from kit.blobs.store import BlobStore
from kit.clock import Clock
from kit.db.uow import Units
from services.files.store.uow import FilesUnit

BATCH = 100

# A writer that began just before the end of its grant may still be writing then.
_WRITE_GRACE = timedelta(hours=1)


class Expiry:
    """Removes records first and blobs afterwards; the garbage list between the two survives a crash."""

    def __init__(self, units: Units[FilesUnit], blobs: BlobStore, clock: Clock) -> None:
        self._units = units
        self._blobs = blobs
        self._clock = clock

    async def remove_expired(self) -> int:
        """Removes up to BATCH files and BATCH grants; answers how many blobs that orphaned."""
        return await self._units.write(self._remove)

    async def collect_garbage(self) -> int:
        """Deletes up to BATCH orphaned blobs; answers how many."""
        keys = await self._units.read(lambda unit: unit.garbage.oldest(BATCH))
        for key in keys:
            await self._blobs.delete(key)
        if keys:
            await self._units.write(lambda unit: unit.garbage.remove(keys))
        return len(keys)

    def _remove(self, unit: FilesUnit) -> int:
        now = self._clock.now()
        keys = [*unit.files.remove_expired(now, BATCH), *unit.grants.remove_expired(now - _WRITE_GRACE, BATCH)]
        unit.garbage.add(keys, now)
        return len(keys)
