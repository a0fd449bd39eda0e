"""How stored files are found and read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from kit.blobs.store import BlobNotFound, BlobStore
from kit.clock import Clock
from kit.db.uow import Units
from kit.errors import NotFound
from kit.rpc.context import Principal
from services.files.domain.links import LinkSealer, is_link
from services.files.domain.model import StorageType, StoredFile
from services.files.domain.names import split_id
from services.files.store.uow import FilesUnit
from voxreel.common.v1 import error_reason_pb2 as reasons


@dataclass(frozen=True, slots=True)
class OpenedDownload:
    """A file, and when the link ends that led to it."""

    file: StoredFile
    link_expire_time: datetime | None


class Downloads:
    """Answers where a file lies and what it is."""

    def __init__(self, units: Units[FilesUnit], blobs: BlobStore, *, sealer: LinkSealer, clock: Clock) -> None:
        self._units = units
        self._blobs = blobs
        self._sealer = sealer
        self._clock = clock

    async def open(self, asked: str, storage_type: StorageType | None = None) -> OpenedDownload:
        """The file of an id or of a link. Raises NotFound, and Forbidden for a link that is not good."""
        if not is_link(asked):
            return OpenedDownload(await self.find(asked, storage_type), None)
        link = self._sealer.open(asked, self._clock.now())
        try:
            return OpenedDownload(await self.find(link.file_id, storage_type), link.expire_time)
        except NotFound:
            # A link tells nobody the id.
            raise file_not_found(asked) from None

    async def find(self, file_id: str, storage_type: StorageType | None = None) -> StoredFile:
        """The file of an id with or without its extension, in one storage when given. Raises NotFound."""
        parts = split_id(file_id)
        if parts is None:
            raise file_not_found(file_id)
        bare_id, extension = parts
        file = await self._units.read(lambda unit: unit.files.find(bare_id))
        if (
            file is None
            or file.is_expired(self._clock.now())
            or extension not in ("", file.extension)
            or storage_type not in (None, file.storage_type)
        ):
            raise file_not_found(file_id)
        return file

    async def find_for(self, principal: Principal, file_id: str) -> StoredFile:
        """The file, for its owner and for administrators, and a shared one for all. Raises NotFound for others."""
        file = await self.find(file_id)
        if not (file.is_shared or is_master_of(file, principal)):
            raise file_not_found(file_id)
        return file

    async def read(self, file: StoredFile) -> AsyncIterator[bytes]:
        """The file's bytes in blocks of at most 1 MiB. Raises NotFound when it was removed meanwhile."""
        try:
            async for block in self._blobs.read(file.blob_key):
                yield block
        except BlobNotFound:
            raise file_not_found(file.id) from None


def is_master_of(file: StoredFile, principal: Principal) -> bool:
    """Whether they may do with the file what they want."""
    return principal.is_admin or file.user_id == principal.user_id


def file_not_found(file_id: str) -> NotFound:
    """It is not there, or for others only."""
    return NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, f"文件不存在: {file_id[:200]}")
