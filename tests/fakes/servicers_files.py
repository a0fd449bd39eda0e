"""The control plane of files as an edge sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from kit.clock import Clock
from kit.errors import Invalid, NotFound, Unimplemented
from kit.ids import IdSource
from kit.rpc.context import require_principal
from kit.rpc.server import Context
from tests.fakes.refusals import Refusals
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as files
from voxreel.files.v1 import file_service_pb2_grpc


@dataclass(frozen=True, slots=True)
class FakeGrant:
    user_id: int
    request: files.BeginUploadRequest
    blob_key: str


class FakeFiles(file_service_pb2_grpc.FileServiceServicer):
    """Keeps records in memory; the bytes lie where the test's blob store keeps them."""

    def __init__(self, clock: Clock, ids: IdSource) -> None:
        self._clock = clock
        self._ids = ids
        self.refusals = Refusals()
        self.limit_bytes = 50 * 1024 * 1024
        self.grants: dict[str, FakeGrant] = {}
        self.commits: list[files.CommitUploadRequest] = []
        self.stored: dict[str, tuple[files.File, str]] = {}

    def put(self, file: files.File, blob_key: str) -> None:
        file.create_time.FromDatetime(self._clock.now())
        self.stored[file.id] = (file, blob_key)

    async def BeginUpload(self, request: files.BeginUploadRequest, context: Context) -> files.BeginUploadResponse:
        self.refusals.enter("BeginUpload")
        if request.storage_type == files.STORAGE_TYPE_PERSISTENT and request.file_type not in (
            "digital_humans",
            "backgrounds",
            "bgm",
        ):
            raise Invalid(reasons.ERROR_REASON_FILE_TYPE_UNSUPPORTED, "不支持的文件类型")
        upload_id = self._ids.random("upload_")
        self.grants[upload_id] = FakeGrant(require_principal().user_id, request, f"staging/{upload_id}")
        return files.BeginUploadResponse(
            upload_id=upload_id, blob_key=self.grants[upload_id].blob_key, limit_bytes=self.limit_bytes
        )

    async def CommitUpload(self, request: files.CommitUploadRequest, context: Context) -> files.CommitUploadResponse:
        self.refusals.enter("CommitUpload")
        self.commits.append(request)
        grant = self.grants.pop(request.upload_id)
        name = grant.request.original_name
        file = files.File(
            id=f"{grant.request.file_type or self._ids.uuid()}-{name}",
            user_id=grant.user_id,
            storage_type=grant.request.storage_type,
            file_type=grant.request.file_type,
            original_name=name,
            content_type="application/octet-stream",
            size_bytes=request.size_bytes,
            sha256=request.sha256,
        )
        self.put(file, grant.blob_key)
        return files.CommitUploadResponse(file=file)

    async def OpenDownload(self, request: files.OpenDownloadRequest, context: Context) -> files.OpenDownloadResponse:
        self.refusals.enter("OpenDownload")
        found = self.stored.get(request.file_id)
        if found is None or (request.HasField("storage_type") and found[0].storage_type != request.storage_type):
            raise NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, f"文件不存在: {request.file_id}")
        return files.OpenDownloadResponse(file=found[0], blob_key=found[1])

    async def GetFile(self, request: files.GetFileRequest, context: Context) -> files.GetFileResponse:
        self.refusals.enter("GetFile")
        found = self.stored.get(request.file_id)
        caller = require_principal()
        if found is None or (found[0].user_id != caller.user_id and not caller.is_admin):
            raise NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, f"文件不存在: {request.file_id}")
        return files.GetFileResponse(file=found[0])

    async def UploadFile(
        self, request_iterator: AsyncIterator[files.UploadFileRequest], context: Context
    ) -> files.UploadFileResponse:
        raise Unimplemented(reasons.ERROR_REASON_NOT_IMPLEMENTED, "该功能尚未提供")

    async def DownloadFile(
        self, request: files.DownloadFileRequest, context: Context
    ) -> AsyncIterator[files.DownloadFileResponse]:
        raise Unimplemented(reasons.ERROR_REASON_NOT_IMPLEMENTED, "该功能尚未提供")
        yield
