"""How bytes become a file: a grant, a blob, a record.

The grant is written before the first byte, so that whatever a crash leaves behind is known and swept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kit.blobs.store import BlobNotFound, BlobStore
from kit.clock import Clock
from kit.db.uow import Units
from kit.errors import Invalid, NotFound
from kit.events.envelope import EventSource
from kit.ids import IdSource
from services.files.domain.limits import UploadRule, check_extension, check_id_prefix, is_single, too_large
from services.files.domain.media import HEAD_BYTES, content_type, detect, matches_extension
from services.files.domain.model import StorageType, StoredFile, UploadGrant, WrittenBlob
from services.files.domain.names import cached_id, clean_name, extension_of, persistent_id, temp_id
from services.files.events import file_deleted, file_stored
from services.files.store.uow import FilesUnit
from voxreel.common.v1 import error_reason_pb2 as reasons

GRANT_LIFE = timedelta(hours=1)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class NewUpload:
    """What somebody wants to store. `request_id` and `id_prefix` are empty for a user's own upload."""

    user_id: int
    storage_type: StorageType
    file_type: str
    original_name: str
    request_id: str = ""
    id_prefix: str = ""


@dataclass(frozen=True, slots=True)
class CommittedFile:
    """A file, and whether its owner had its bytes before."""

    file: StoredFile
    is_duplicate: bool


class Uploads:
    """Grants uploads and makes files of what was written."""

    def __init__(
        self,
        units: Units[FilesUnit],
        blobs: BlobStore,
        *,
        events: EventSource,
        clock: Clock,
        ids: IdSource,
        temp_life: timedelta,
    ) -> None:
        self._units = units
        self._blobs = blobs
        self._events = events
        self._clock = clock
        self._ids = ids
        self._temp_life = temp_life

    async def grant(self, upload: NewUpload, rule: UploadRule) -> UploadGrant:
        """Leave to write a blob for an hour. Raises Invalid."""
        name = clean_name(upload.original_name)
        check_extension(rule, name)
        id_prefix = ""
        if upload.storage_type is StorageType.PERSISTENT:
            id_prefix = upload.id_prefix or upload.file_type
            check_id_prefix(id_prefix)
        key = self._ids.random()
        grant = UploadGrant(
            id=self._ids.random("upload_"),
            user_id=upload.user_id,
            request_id=upload.request_id,
            storage_type=upload.storage_type,
            file_type="" if upload.storage_type is StorageType.TEMP else upload.file_type,
            id_prefix=id_prefix,
            original_name=name,
            # Two random characters spread the blobs over 1296 folders.
            blob_key=f"{key[-2:]}/{key}",
            limit_bytes=rule.limit_bytes,
            expire_time=self._clock.now() + GRANT_LIFE,
            bare_id=None,
        )
        await self._units.write(lambda unit: unit.grants.add(grant))
        return grant

    async def commit(self, user_id: int, upload_id: str, written: WrittenBlob) -> CommittedFile:
        """Makes the blob of a grant a file; a repeat answers the same file. Raises NotFound, Invalid, TooLarge."""
        if not upload_id.isprintable():
            raise _upload_not_found()
        grant = await self._units.read(lambda unit: unit.grants.find(upload_id))
        if grant is None or grant.user_id != user_id or grant.expire_time <= self._clock.now():
            raise _upload_not_found()
        if grant.bare_id is None:
            await self._check_written(grant, written)
        return await self._units.write(lambda unit: self._commit(unit, upload_id, written))

    async def _check_written(self, grant: UploadGrant, written: WrittenBlob) -> None:
        try:
            size_bytes = await self._blobs.size(grant.blob_key)
        except BlobNotFound:
            raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "文件内容尚未上传") from None
        if size_bytes > grant.limit_bytes:
            raise too_large(grant.limit_bytes)
        if size_bytes == 0:
            raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "文件内容不能为空")
        if size_bytes != written.size_bytes or len(written.head) != min(size_bytes, HEAD_BYTES):
            raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "文件内容不完整，请重新上传")
        if _SHA256.fullmatch(written.sha256) is None:
            raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "文件校验值无效")
        if not matches_extension(detect(written.head), extension_of(grant.original_name)):
            raise Invalid(
                reasons.ERROR_REASON_FILE_CONTENT_MISMATCH,
                "文件内容与扩展名不符",
                metadata={"extension": extension_of(grant.original_name)},
            )

    def _commit(self, unit: FilesUnit, upload_id: str, written: WrittenBlob) -> CommittedFile:
        grant = unit.grants.lock(upload_id)
        if grant is None:
            raise _upload_not_found()
        if grant.bare_id is not None:
            return _committed(grant, unit.files.find(grant.bare_id))
        file = self._file_of(grant, written)
        if not unit.files.add(file, request_id=grant.request_id or None):
            # The same request stored its file in another attempt; this one's blob goes.
            unit.grants.remove(grant.id)
            unit.garbage.add([grant.blob_key], self._clock.now())
            return _committed(grant, unit.files.find_by_request(grant.user_id, grant.request_id))
        kept = self._share_blob(unit, file)
        unit.grants.use(grant.id, kept.bare_id)
        if is_single(kept.storage_type, kept.file_type):
            self._remove_others(unit, kept)
        if not kept.is_shared:
            unit.outbox.add(file_stored(self._events, kept))
        return _committed(grant, kept)

    def _remove_others(self, unit: FilesUnit, kept: StoredFile) -> None:
        """The links to what was there before end with it."""
        for file in unit.files.remove_others(kept):
            if unit.blobs.release(file.blob_key):
                unit.garbage.add([file.blob_key], self._clock.now())
            unit.outbox.add(file_deleted(self._events, file, operator_user_id=kept.user_id))

    def _share_blob(self, unit: FilesUnit, file: StoredFile) -> StoredFile:
        """The file with the blob that its owner has of these bytes already, if there is one."""
        if file.storage_type is not StorageType.PERSISTENT:
            return file
        blob_key = unit.blobs.claim(file)
        if blob_key == file.blob_key:
            return file
        unit.files.use_blob(file.bare_id, blob_key)
        unit.garbage.add([file.blob_key], self._clock.now())
        return replace(file, blob_key=blob_key)

    def _file_of(self, grant: UploadGrant, written: WrittenBlob) -> StoredFile:
        now, name = self._clock.now(), grant.original_name
        return StoredFile(
            bare_id=self._bare_id(grant, now),
            extension=extension_of(name),
            user_id=grant.user_id,
            storage_type=grant.storage_type,
            file_type=grant.file_type,
            original_name=name,
            content_type=content_type(detect(written.head)),
            size_bytes=written.size_bytes,
            sha256=written.sha256,
            blob_key=grant.blob_key,
            create_time=now,
            expire_time=now + self._temp_life if grant.storage_type is StorageType.TEMP else None,
        )

    def _bare_id(self, grant: UploadGrant, now: datetime) -> str:
        name, secret = grant.original_name, self._ids.random()
        match grant.storage_type:
            case StorageType.TEMP:
                return temp_id(name, secret=secret)
            case StorageType.CACHE:
                return cached_id(grant.request_id)
            case StorageType.PERSISTENT:
                return persistent_id(grant.id_prefix, grant.user_id, name, time=now, secret=secret)


def _upload_not_found() -> NotFound:
    return NotFound(reasons.ERROR_REASON_UPLOAD_NOT_FOUND, "上传不存在或已过期")


def _committed(grant: UploadGrant, file: StoredFile | None) -> CommittedFile:
    if file is None:
        raise _upload_not_found()
    return CommittedFile(file, is_duplicate=file.blob_key != grant.blob_key)
