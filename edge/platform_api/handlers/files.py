"""Uploads and downloads."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web

from edge.endpoint import Call
from edge.platform_api import render
from edge.platform_api.models.files import DownloadIn, PersistentUploadOut, TempUploadOut, UploadIn
from edge.transfer.download import send_file
from edge.transfer.upload import UploadTarget, receive_file
from voxreel.files.v1 import file_service_pb2 as files

_STORAGE: Mapping[str, files.StorageType.ValueType] = MappingProxyType(
    {
        "persistent": files.STORAGE_TYPE_PERSISTENT,
        "cache": files.STORAGE_TYPE_CACHE,
        "temp": files.STORAGE_TYPE_TEMP,
    }
)


async def upload(given: UploadIn, call: Call, request: web.Request) -> PersistentUploadOut | TempUploadOut:
    """Stores the file of a multipart form."""
    target = UploadTarget(
        storage_type=_STORAGE[given.storage_type],
        file_type=given.file_type if given.storage_type == "persistent" else "",
    )
    file = await receive_file(request, target, files=call.shared.clients.files, blobs=call.shared.blobs)
    if file.storage_type == files.STORAGE_TYPE_TEMP:
        return render.temp_upload(file)
    return render.persistent_upload(file, call.shared.times)


async def download(given: DownloadIn, call: Call, request: web.Request) -> web.StreamResponse:
    """The bytes of a file."""
    storage_type = None if given.storage_type is None else _STORAGE[given.storage_type]
    opened = await call.shared.clients.files.OpenDownload(
        files.OpenDownloadRequest(file_id=given.file_id, storage_type=storage_type)
    )
    return await send_file(request, opened.file, blob_key=opened.blob_key, blobs=call.shared.blobs)
