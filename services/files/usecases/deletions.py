"""How a file is deleted by somebody."""

from __future__ import annotations

from collections.abc import Sequence

from kit.clock import Clock
from kit.db.uow import Units
from kit.errors import Forbidden
from kit.events.envelope import EventSource
from kit.rpc.context import Principal
from services.files.domain.model import StorageType, StoredFile
from services.files.events import file_deleted
from services.files.store.uow import FilesUnit
from services.files.usecases.downloads import Downloads, file_not_found, is_master_of
from voxreel.common.v1 import error_reason_pb2 as reasons


class Deletions:
    """Removes records at once; the sweeper removes the bytes that nothing needs any more."""

    def __init__(self, units: Units[FilesUnit], downloads: Downloads, *, events: EventSource, clock: Clock) -> None:
        self._units = units
        self._downloads = downloads
        self._events = events
        self._clock = clock

    async def delete(
        self,
        principal: Principal,
        file_id: str,
        *,
        file_type: str | None = None,
        storage_types: Sequence[StorageType] = (),
    ) -> StoredFile:
        """Deletes the file if it is of the type and in one of the storages; answers it as it was.

        Raises NotFound, also for another user's, and Forbidden for a shared one that only administrators delete.
        """
        file = await self._downloads.find_for(principal, file_id)
        if file_type not in (None, file.file_type) or (storage_types and file.storage_type not in storage_types):
            raise file_not_found(file_id)
        if not is_master_of(file, principal):
            raise Forbidden(reasons.ERROR_REASON_ADMIN_REQUIRED, "需要管理员权限")
        if not await self._units.write(lambda unit: self._remove(unit, file.bare_id, principal)):
            raise file_not_found(file_id)
        return file

    def _remove(self, unit: FilesUnit, bare_id: str, principal: Principal) -> bool:
        file = unit.files.remove(bare_id)
        if file is None:
            return False
        if unit.blobs.release(file.blob_key):
            unit.garbage.add([file.blob_key], self._clock.now())
        unit.outbox.add(file_deleted(self._events, file, operator_user_id=principal.user_id))
        return True
