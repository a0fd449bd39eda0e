"""Between the contract's messages and the domain, both directions side by side."""

from __future__ import annotations

from kit.errors import Invalid
from kit.rpc.times import timestamp_of
from services.files.domain.model import StorageType, StoredFile, UploadGrant, WrittenBlob
from services.files.usecases.uploads import NewUpload
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as messages

_STORAGE_TYPES: dict[messages.StorageType.ValueType, StorageType] = {
    messages.STORAGE_TYPE_PERSISTENT: StorageType.PERSISTENT,
    messages.STORAGE_TYPE_TEMP: StorageType.TEMP,
    messages.STORAGE_TYPE_CACHE: StorageType.CACHE,
}
_STORAGE_TYPE_VALUES = {domain: value for value, domain in _STORAGE_TYPES.items()}


def storage_type_from_proto(value: messages.StorageType.ValueType) -> StorageType:
    """Raises Invalid for a value this version does not know."""
    storage_type = _STORAGE_TYPES.get(value)
    if storage_type is None:
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "存储类型无效")
    return storage_type


def file_to_proto(file: StoredFile) -> messages.File:
    return messages.File(
        id=file.id,
        user_id=file.user_id,
        storage_type=_STORAGE_TYPE_VALUES[file.storage_type],
        file_type=file.file_type,
        original_name=file.original_name,
        content_type=file.content_type,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        create_time=timestamp_of(file.create_time),
        expire_time=None if file.expire_time is None else timestamp_of(file.expire_time),
    )


def grant_to_proto(grant: UploadGrant) -> messages.BeginUploadResponse:
    return messages.BeginUploadResponse(
        upload_id=grant.id,
        blob_key=grant.blob_key,
        limit_bytes=grant.limit_bytes,
        expire_time=timestamp_of(grant.expire_time),
    )


def upload_from_proto(request: messages.BeginUploadRequest, user_id: int) -> NewUpload:
    return NewUpload(
        user_id=user_id,
        storage_type=storage_type_from_proto(request.storage_type),
        file_type=request.file_type,
        original_name=request.original_name,
    )


def header_from_proto(header: messages.UploadFileHeader) -> NewUpload:
    return NewUpload(
        user_id=header.user_id,
        storage_type=storage_type_from_proto(header.storage_type),
        file_type=header.file_type,
        original_name=header.original_name,
        request_id=header.request_id,
        id_prefix=header.id_prefix,
    )


def written_from_proto(request: messages.CommitUploadRequest) -> WrittenBlob:
    return WrittenBlob(size_bytes=request.size_bytes, sha256=request.sha256.lower(), head=request.head)
