"""The events this service sends."""

from __future__ import annotations

from kit.events.envelope import EventSource, OutboundEvent
from services.files.domain.model import StorageType, StoredFile
from voxreel.files.v1 import file_service_pb2 as contract
from voxreel.files.v1.events_pb2 import FileDeleted, FileStored

FILE_STORED = "evt.files.file.stored"
FILE_DELETED = "evt.files.file.deleted"

_STORAGE_TYPES: dict[StorageType, contract.StorageType.ValueType] = {
    StorageType.PERSISTENT: contract.STORAGE_TYPE_PERSISTENT,
    StorageType.TEMP: contract.STORAGE_TYPE_TEMP,
    StorageType.CACHE: contract.STORAGE_TYPE_CACHE,
}


def file_stored(source: EventSource, file: StoredFile) -> OutboundEvent:
    """The file is complete and can be read."""
    payload = FileStored(
        file_id=file.id,
        user_id=file.user_id,
        file_type=file.file_type,
        size_bytes=file.size_bytes,
        storage_type=_STORAGE_TYPES[file.storage_type],
        original_name=file.original_name,
    )
    return source.event(FILE_STORED, payload, user_id=file.user_id)


def file_deleted(source: EventSource, file: StoredFile, *, operator_user_id: int) -> OutboundEvent:
    """Somebody deleted the file; `operator_user_id` did, for themselves or as an administrator."""
    payload = FileDeleted(
        file_id=file.id,
        user_id=file.user_id,
        file_type=file.file_type,
        size_bytes=file.size_bytes,
        storage_type=_STORAGE_TYPES[file.storage_type],
        original_name=file.original_name,
        operator_user_id=operator_user_id,
    )
    return source.event(FILE_DELETED, payload, user_id=None if file.is_shared else file.user_id)
