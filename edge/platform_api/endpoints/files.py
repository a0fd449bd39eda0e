"""Uploads and downloads."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, StreamingEndpoint
from edge.platform_api.handlers import files
from edge.platform_api.models.files import DownloadIn, PersistentUploadOut, TempUploadOut, UploadIn
from edge.transfer.upload import FILE_FIELD

TAG = "文件"

ENDPOINTS: tuple[StreamingEndpoint[Any], ...] = (
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
        tag=TAG,
    ),
)
