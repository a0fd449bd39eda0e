"""FileService of the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

from kit.errors import Invalid
from kit.rpc.context import current_call, require_principal
from kit.rpc.server import Context
from kit.rpc.times import timestamp_of
from services.files.domain.limits import user_rule
from services.files.domain.model import StorageType
from services.files.rpc.mapping import (
    file_to_proto,
    files_to_proto,
    filter_from_proto,
    grant_to_proto,
    header_from_proto,
    link_to_proto,
    listed_to_proto,
    page_from_proto,
    stats_to_proto,
    storage_type_from_proto,
    upload_from_proto,
    written_from_proto,
)
from services.files.usecases.deletions import Deletions
from services.files.usecases.downloads import Downloads
from services.files.usecases.links import Links
from services.files.usecases.lists import FileLists
from services.files.usecases.produced_files import ProducedFiles
from services.files.usecases.uploads import Uploads
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as messages
from voxreel.files.v1 import file_service_pb2_grpc

_CHUNK_BYTES = 256 * 1024


class FileServicer(file_service_pb2_grpc.FileServiceServicer):
    """Parses, calls one use case, maps the result."""

    def __init__(
        self,
        uploads: Uploads,
        produced: ProducedFiles,
        *,
        downloads: Downloads,
        links: Links,
        deletions: Deletions,
        lists: FileLists,
    ) -> None:
        self._uploads = uploads
        self._produced = produced
        self._downloads = downloads
        self._links = links
        self._deletions = deletions
        self._lists = lists

    async def BeginUpload(
        self, request: messages.BeginUploadRequest, _context: Context
    ) -> messages.BeginUploadResponse:
        upload = upload_from_proto(request, require_principal().user_id)
        rule = user_rule(upload.storage_type, upload.file_type)
        return grant_to_proto(await self._uploads.grant(upload, rule))

    async def CommitUpload(
        self, request: messages.CommitUploadRequest, _context: Context
    ) -> messages.CommitUploadResponse:
        user_id = require_principal().user_id
        done = await self._uploads.commit(user_id, request.upload_id, written_from_proto(request))
        return messages.CommitUploadResponse(file=file_to_proto(done.file), is_duplicate=done.is_duplicate)

    async def OpenDownload(
        self, request: messages.OpenDownloadRequest, _context: Context
    ) -> messages.OpenDownloadResponse:
        storage_type = storage_type_from_proto(request.storage_type) if request.HasField("storage_type") else None
        opened = await self._downloads.open(request.file_id, storage_type)
        end = opened.link_expire_time
        return messages.OpenDownloadResponse(
            file=file_to_proto(opened.file),
            blob_key=opened.file.blob_key,
            link_expire_time=None if end is None else timestamp_of(end),
        )

    async def GetFile(self, request: messages.GetFileRequest, _context: Context) -> messages.GetFileResponse:
        file = await self._downloads.find_for(require_principal(), request.file_id)
        return messages.GetFileResponse(file=file_to_proto(file))

    async def SignDownloads(
        self, request: messages.SignDownloadsRequest, _context: Context
    ) -> messages.SignDownloadsResponse:
        links = await self._links.sign(require_principal(), request.file_ids, request.life.ToTimedelta())
        return messages.SignDownloadsResponse(downloads=map(link_to_proto, links))

    async def DeleteFile(self, request: messages.DeleteFileRequest, _context: Context) -> messages.DeleteFileResponse:
        file = await self._deletions.delete(
            require_principal(),
            request.file_id,
            file_type=request.file_type if request.HasField("file_type") else None,
            storage_types=[storage_type_from_proto(each) for each in request.storage_types],
        )
        return messages.DeleteFileResponse(file=file_to_proto(file))

    async def ListOwnFiles(
        self, request: messages.ListOwnFilesRequest, _context: Context
    ) -> messages.ListOwnFilesResponse:
        own = messages.FileFilter(user_id=require_principal().user_id)
        if request.HasField("file_type"):
            own.file_type = request.file_type
        files, total = await self._lists.persistent(filter_from_proto(own), page_from_proto(request))
        return messages.ListOwnFilesResponse(files=files_to_proto(files), total_size=total)

    async def ListFiles(self, request: messages.ListFilesRequest, _context: Context) -> messages.ListFilesResponse:
        files, total = await self._lists.persistent(filter_from_proto(request.filter), page_from_proto(request))
        return messages.ListFilesResponse(files=map(listed_to_proto, files), total_size=total)

    async def ListCachedFiles(
        self, request: messages.ListCachedFilesRequest, _context: Context
    ) -> messages.ListCachedFilesResponse:
        storage_type = StorageType.TEMP if request.is_temp else StorageType.CACHE
        files, total = await self._lists.cached(
            current_call().principal,
            page_from_proto(request),
            file_type=request.file_type if request.HasField("file_type") else None,
            storage_type=storage_type if request.HasField("is_temp") else None,
        )
        return messages.ListCachedFilesResponse(files=files_to_proto(files), total_size=total)

    async def GetFileStats(
        self, _request: messages.GetFileStatsRequest, _context: Context
    ) -> messages.GetFileStatsResponse:
        return stats_to_proto(await self._lists.stats())

    async def UploadFile(
        self, request_iterator: AsyncIterator[messages.UploadFileRequest], _context: Context
    ) -> messages.UploadFileResponse:
        first = await anext(request_iterator, None)
        if first is None or first.WhichOneof("part") != "header":
            raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "上传流的第一条消息必须是文件头")
        file = await self._produced.store(header_from_proto(first.header), _chunks(request_iterator))
        return messages.UploadFileResponse(file=file_to_proto(file))

    async def DownloadFile(
        self, request: messages.DownloadFileRequest, _context: Context
    ) -> AsyncIterator[messages.DownloadFileResponse]:
        file = await self._downloads.find(request.file_id)
        yield messages.DownloadFileResponse(file=file_to_proto(file))
        async for block in self._downloads.read(file):
            for start in range(0, len(block), _CHUNK_BYTES):
                yield messages.DownloadFileResponse(chunk=block[start : start + _CHUNK_BYTES])


async def _chunks(parts: AsyncIterator[messages.UploadFileRequest]) -> AsyncIterator[bytes]:
    async for part in parts:
        if part.WhichOneof("part") != "chunk":
            raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "文件头只能出现一次")
        yield part.chunk
