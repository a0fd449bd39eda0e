"""Files: uploads, downloads, lists and statistics."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint, NoInput, StreamingEndpoint
from edge.platform_api.handlers import files
from edge.platform_api.models.files import (
    AllFilesOut,
    CachedFileOut,
    CachedFilesOut,
    DeleteFileIn,
    DownloadIn,
    FileIdIn,
    FilesOut,
    FileStatsOut,
    ListAllFilesIn,
    ListCachedIn,
    ListFilesIn,
    PersistentUploadOut,
    TempUploadOut,
    UploadIn,
)
from edge.platform_api.models.users import MessageOut
from edge.transfer.upload import FILE_FIELD

TAG = "文件"

ENDPOINTS: tuple[Endpoint[Any] | StreamingEndpoint[Any], ...] = (
    StreamingEndpoint(
        method="POST",
        path="/api/files/upload",
        access=Access.USER,
        input=UploadIn,
        handler=files.upload,
        output=PersistentUploadOut | TempUploadOut,
        tag=TAG,
        multipart_field=FILE_FIELD,
    ),
    StreamingEndpoint(
        method="GET",
        path="/api/files/download/{file_id}",
        access=Access.PUBLIC,
        input=DownloadIn,
        handler=files.download,
        output=None,
        # Whatever kind of file it is.
        media_type="*/*",
        tag=TAG,
        other_paths=("/api/files/{kind}/{file_id}/download",),
        refusals=(401, 403),
    ),
    Endpoint(
        method="DELETE",
        path="/api/files/{file_type}/{file_id}",
        access=Access.USER,
        input=DeleteFileIn,
        handler=files.delete_file,
        output=MessageOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/files/user/list",
        access=Access.USER,
        input=ListFilesIn,
        handler=files.list_own,
        output=FilesOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/files/admin/list",
        access=Access.ADMIN,
        input=ListAllFilesIn,
        handler=files.list_all,
        output=AllFilesOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/files/stats",
        access=Access.ADMIN,
        input=NoInput,
        handler=files.stats,
        output=FileStatsOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/files/cache/list",
        access=Access.PUBLIC,
        input=ListCachedIn,
        handler=files.list_cached,
        output=CachedFilesOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/files/cache/{file_id}",
        access=Access.USER,
        input=FileIdIn,
        handler=files.cached_info,
        output=CachedFileOut,
        tag=TAG,
    ),
    Endpoint(
        method="DELETE",
        path="/api/files/cache/{file_id}",
        access=Access.USER,
        input=FileIdIn,
        handler=files.delete_cached,
        output=MessageOut,
        tag=TAG,
    ),
)
