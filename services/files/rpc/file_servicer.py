"""FileService of the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

from kit.errors import Invalid
from kit.rpc.context import require_principal
from kit.rpc.server import Context
from services.files.domain.limits import user_rule
from services.files.rpc.mapping import (
    file_to_proto,
    grant_to_proto,
    header_from_proto,
    storage_type_from_proto,
    upload_from_proto,
    written_from_proto,
)
from services.files.usecases.downloads import Downloads
from services.files.usecases.produced_files import ProducedFiles
from services.files.usecases.uploads import Uploads
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as messages
from voxreel.files.v1 import file_service_pb2_grpc

_CHUNK_BYTES = 256 * 1024


class FileServicer(file_service_pb2_grpc.FileServiceServicer):
    """Parses, calls one use case, maps the result."""

    def __init__(self, uploads: Uploads, produced: ProducedFiles, downloads: Downloads) -> None:
        self._uploads = uploads
        self._produced = produced
        self._downloads = downloads

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
        file = await self._uploads.commit(user_id, request.upload_id, written_from_proto(request))
        return messages.CommitUploadResponse(file=file_to_proto(file))

    async def OpenDownload(
        self, request: messages.OpenDownloadRequest, _context: Context
    ) -> messages.OpenDownloadResponse:
        storage_type = storage_type_from_proto(request.storage_type) if request.HasField("storage_type") else None
        file = await self._downloads.find(request.file_id, storage_type)
        return messages.OpenDownloadResponse(file=file_to_proto(file), blob_key=file.blob_key)

    async def GetFile(self, request: messages.GetFileRequest, _context: Context) -> messages.GetFileResponse:
        file = await self._downloads.find_for(require_principal(), request.file_id)
        return messages.GetFileResponse(file=file_to_proto(file))

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
