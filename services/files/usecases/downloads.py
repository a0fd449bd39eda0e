"""How stored files are found and read."""

from __future__ import annotations

from collections.abc import AsyncIterator

from kit.blobs.store import BlobNotFound, BlobStore
from kit.clock import Clock
from kit.db.uow import Units
from kit.errors import NotFound
from kit.rpc.context import Principal
from services.files.domain.model import StorageType, StoredFile
from services.files.domain.names import split_id
from services.files.store.uow import FilesUnit
from voxreel.common.v1 import error_reason_pb2 as reasons


class Downloads:
    """Answers where a file lies and what it is."""

    def __init__(self, units: Units[FilesUnit], blobs: BlobStore, clock: Clock) -> None:
        self._units = units
        self._blobs = blobs
        self._clock = clock

    async def find(self, file_id: str, storage_type: StorageType | None = None) -> StoredFile:
        """The file of an id with or without its extension, in one storage when given. Raises NotFound."""
        parts = split_id(file_id)
        if parts is None:
            raise _file_not_found(file_id)
        bare_id, extension = parts
        file = await self._units.read(lambda unit: unit.files.find(bare_id))
        if (
            file is None
            or file.is_expired(self._clock.now())
            or extension not in ("", file.extension)
            or storage_type not in (None, file.storage_type)
        ):
            raise _file_not_found(file_id)
        return file

    async def find_for(self, principal: Principal, file_id: str) -> StoredFile:
        """The file, for its owner and for administrators. Raises NotFound for everybody else."""
        file = await self.find(file_id)
        if file.user_id != principal.user_id and not principal.is_admin:
            raise _file_not_found(file_id)
        return file

    async def read(self, file: StoredFile) -> AsyncIterator[bytes]:
        """The file's bytes in blocks of at most 1 MiB. Raises NotFound when it was removed meanwhile."""
        try:
            async for block in self._blobs.read(file.blob_key):
                yield block
        except BlobNotFound:
            raise _file_not_found(file.id) from None


def _file_not_found(file_id: str) -> NotFound:
    return NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, f"文件不存在: {file_id[:200]}")
