"""Files that other services make for a user and send as a stream."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator

from kit.blobs.store import BlobStore, BlobTooLarge
from kit.db.uow import Units
from kit.errors import Invalid
from services.files.domain.limits import produced_rule, too_large
from services.files.domain.media import HEAD_BYTES
from services.files.domain.model import NOBODY, StorageType, StoredFile, WrittenBlob
from services.files.domain.names import cached_id
from services.files.store.uow import FilesUnit
from services.files.usecases.uploads import NewUpload, Uploads
from voxreel.common.v1 import error_reason_pb2 as reasons

_MAX_REQUEST_ID_CHARACTERS = 128


class ProducedFiles:
    """Stores what arrives in chunks."""

    def __init__(self, units: Units[FilesUnit], blobs: BlobStore, uploads: Uploads) -> None:
        self._units = units
        self._blobs = blobs
        self._uploads = uploads

    async def store(self, upload: NewUpload, chunks: AsyncIterator[bytes]) -> StoredFile:
        """Stores one file for each (user, request id): a repeat answers the first one. Raises Invalid, TooLarge."""
        request_id = upload.request_id
        if not (0 < len(request_id) <= _MAX_REQUEST_ID_CHARACTERS and request_id.isprintable()):
            raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "请求编号无效")
        is_cached = upload.storage_type is StorageType.CACHE
        if upload.user_id < (NOBODY if is_cached else NOBODY + 1):
            raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "用户编号无效")
        if is_cached:
            cached_id(request_id)
        rule = produced_rule(upload.storage_type, upload.file_type)
        stored = await self._units.read(lambda unit: unit.files.find_by_request(upload.user_id, request_id))
        if stored is not None:
            return stored
        grant = await self._uploads.grant(upload, rule)
        observed = _ObservedBytes(chunks)
        try:
            await self._blobs.write(grant.blob_key, observed.chunks(), limit_bytes=grant.limit_bytes)
        except BlobTooLarge as error:
            raise too_large(error.limit_bytes) from None
        return (await self._uploads.commit(upload.user_id, grant.id, observed.written())).file


class _ObservedBytes:
    """Passes chunks on while it counts and hashes them and keeps their beginning."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._digest = hashlib.sha256()
        self._size_bytes = 0
        self._head = b""

    async def chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            await asyncio.to_thread(self._digest.update, chunk)
            self._size_bytes += len(chunk)
            if len(self._head) < HEAD_BYTES:
                self._head = (self._head + chunk)[:HEAD_BYTES]
            yield chunk

    def written(self) -> WrittenBlob:
        return WrittenBlob(self._size_bytes, self._digest.hexdigest(), self._head)
