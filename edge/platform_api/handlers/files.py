"""Files: uploads, downloads, lists and statistics."""

from __future__ import annotations

from aiohttp import web

from edge.aggregates.downloads import STORAGE, names_newest, open_download
from edge.endpoint import Call, NoInput
from edge.platform_api import render, render_files
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
from edge.transfer.download import send_file
from edge.transfer.upload import UploadTarget, receive_file
from kit.errors import NotFound
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as files

_EXPENDABLE = ("temp", "cache")
# How long a client may take a voice for what it was.
_NEWEST_S = 60


async def upload(given: UploadIn, call: Call, request: web.Request) -> PersistentUploadOut | TempUploadOut:
    """Stores the file of a multipart form."""
    target = UploadTarget(
        storage_type=STORAGE[given.storage_type],
        file_type=given.file_type if given.storage_type == "persistent" else "",
    )
    file = await receive_file(request, target, files=call.shared.clients.files, blobs=call.shared.blobs)
    if file.storage_type == files.STORAGE_TYPE_TEMP:
        return render.temp_upload(file)
    return render.persistent_upload(file, call.shared.times)


async def download(given: DownloadIn, call: Call, request: web.Request) -> web.StreamResponse:
    """The bytes of a file."""
    opened = await open_download(given.file_id, given.storage_type, call.shared.clients)
    max_age_s = _NEWEST_S if names_newest(given.file_id) else None
    if opened.HasField("link_expire_time"):
        max_age_s = max(0, int(opened.link_expire_time.seconds - call.shared.clock.now().timestamp()))
    return await send_file(request, opened.file, blob_key=opened.blob_key, blobs=call.shared.blobs, max_age_s=max_age_s)


async def delete_file(given: DeleteFileIn, call: Call) -> MessageOut:
    """Deletes a file of the caller; of an administrator anybody's."""
    request = files.DeleteFileRequest(file_id=given.file_id)
    if given.file_type in _EXPENDABLE:
        request.storage_types.append(STORAGE[given.file_type])
    else:
        request.file_type = given.file_type
    await call.shared.clients.files.DeleteFile(request)
    return {"message": "文件删除成功"}


async def list_own(given: ListFilesIn, call: Call) -> FilesOut:
    """The caller's persistent files."""
    response = await call.shared.clients.files.ListOwnFiles(
        files.ListOwnFilesRequest(file_type=given.file_type or None, page_size=given.limit, skip=given.skip)
    )
    times = call.shared.times
    return {
        "files": [render_files.listed_file(file, times) for file in response.files],
        "total": response.total_size,
    }


async def list_all(given: ListAllFilesIn, call: Call) -> AllFilesOut:
    """Everybody's persistent files."""
    wanted = files.FileFilter(file_type=given.file_type or None, user_id=given.user_id)
    response = await call.shared.clients.files.ListFiles(
        files.ListFilesRequest(filter=wanted, page_size=given.limit, skip=given.skip)
    )
    times = call.shared.times
    return {
        "files": [render_files.anyones_file(listed.file, times) for listed in response.files],
        "total": response.total_size,
        "file_type_filter": given.file_type,
        "user_id_filter": given.user_id,
    }


async def stats(_given: NoInput, call: Call) -> FileStatsOut:
    """What is kept of everybody."""
    return render_files.file_stats(await call.shared.clients.files.GetFileStats(files.GetFileStatsRequest()))


async def list_cached(given: ListCachedIn, call: Call) -> CachedFilesOut:
    """Temporary and cached files that are shared, or the caller's."""
    response = await call.shared.clients.files.ListCachedFiles(
        files.ListCachedFilesRequest(
            file_type=given.file_type or None, is_temp=given.is_temp, page_size=given.limit, skip=given.offset
        )
    )
    times = call.shared.times
    return {
        "files": [render_files.cached_file(file, times) for file in response.files],
        "total": response.total_size,
        "limit": given.limit,
        "offset": given.offset,
    }


async def cached_info(given: FileIdIn, call: Call) -> CachedFileOut:
    """The facts of one temporary or cached file."""
    file = (await call.shared.clients.files.GetFile(files.GetFileRequest(file_id=given.file_id))).file
    if file.storage_type == files.STORAGE_TYPE_PERSISTENT:
        raise NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, f"文件不存在: {given.file_id}")
    return render_files.cached_file(file, call.shared.times)


async def delete_cached(given: FileIdIn, call: Call) -> MessageOut:
    """Deletes one temporary or cached file."""
    kinds = [STORAGE[kind] for kind in _EXPENDABLE]
    await call.shared.clients.files.DeleteFile(files.DeleteFileRequest(file_id=given.file_id, storage_types=kinds))
    return {"message": "缓存文件删除成功"}
