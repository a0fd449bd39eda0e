"""Between the contract's messages and the domain, both directions side by side."""

from __future__ import annotations

from collections.abc import Iterable

from kit.errors import Invalid
from kit.rpc.times import timestamp_of
from services.files.domain.listing import FileFilter, FileStats, Page
from services.files.domain.model import StorageType, StoredFile, UploadGrant, WrittenBlob
from services.files.usecases.links import SignedLink
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


def link_to_proto(link: SignedLink) -> messages.SignedDownload:
    return messages.SignedDownload(file_id=link.file.id, link=link.link, expire_time=timestamp_of(link.expire_time))


def filter_from_proto(given: messages.FileFilter) -> FileFilter:
    """Persistent files of the filter."""
    return FileFilter(
        storage_types=(StorageType.PERSISTENT,),
        user_ids=(given.user_id,) if given.HasField("user_id") else None,
        file_type=given.file_type if given.HasField("file_type") else None,
        keyword=given.keyword if given.HasField("keyword") else None,
        min_size_bytes=given.min_size_bytes if given.HasField("min_size_bytes") else None,
        max_size_bytes=given.max_size_bytes if given.HasField("max_size_bytes") else None,
    )


def page_from_proto(
    request: messages.ListOwnFilesRequest | messages.ListFilesRequest | messages.ListCachedFilesRequest,
) -> Page:
    """Raises Invalid when the page is too large."""
    return Page.checked(request.page_size if request.HasField("page_size") else None, request.skip)


def files_to_proto(files: Iterable[StoredFile]) -> list[messages.File]:
    return [file_to_proto(file) for file in files]


def listed_to_proto(file: StoredFile) -> messages.ListedFile:
    return messages.ListedFile(file=file_to_proto(file), blob_key=file.blob_key)


def stats_to_proto(stats: FileStats) -> messages.GetFileStatsResponse:
    counts = (
        messages.FileCount(
            storage_type=_STORAGE_TYPE_VALUES[count.storage_type],
            file_type=count.file_type,
            files=count.files,
            size_bytes=count.size_bytes,
        )
        for count in stats.counts
    )
    return messages.GetFileStatsResponse(counts=counts, blobs=stats.blobs, blob_bytes=stats.blob_bytes)
