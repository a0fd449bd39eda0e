"""The control plane of files as an edge sees it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp

from kit.clock import Clock
from kit.errors import Forbidden, Invalid, NotFound, Unimplemented
from kit.ids import IdSource
from kit.rpc.context import current_call, require_principal
from kit.rpc.server import Context
from tests.fakes.refusals import Refusals
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as files
from voxreel.files.v1 import file_service_pb2_grpc

# The owner of what is shared.
NOBODY = 0


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
        self.link_ends: dict[str, Timestamp] = {}
        self.lives: list[int] = []

    def put(self, file: files.File, blob_key: str) -> None:
        file.create_time.FromDatetime(self._clock.now())
        self.stored[file.id] = (file, blob_key)

    async def BeginUpload(self, request: files.BeginUploadRequest, context: Context) -> files.BeginUploadResponse:
        self.refusals.enter("BeginUpload")
        if request.storage_type == files.STORAGE_TYPE_PERSISTENT and request.file_type not in (
            "digital_humans",
            "backgrounds",
            "bgm",
            "avatars",
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
        if file.file_type == "avatars":
            self.stored = {key: each for key, each in self.stored.items() if each[0].file_type != "avatars"}
        self.put(file, grant.blob_key)
        return files.CommitUploadResponse(file=file)

    async def OpenDownload(self, request: files.OpenDownloadRequest, context: Context) -> files.OpenDownloadResponse:
        self.refusals.enter("OpenDownload")
        found = self.stored.get(request.file_id)
        if found is None or (request.HasField("storage_type") and found[0].storage_type != request.storage_type):
            raise _not_found(request.file_id)
        end = self.link_ends.get(request.file_id)
        return files.OpenDownloadResponse(file=found[0], blob_key=found[1], link_expire_time=end)

    async def GetFile(self, request: files.GetFileRequest, context: Context) -> files.GetFileResponse:
        self.refusals.enter("GetFile")
        found = self.stored.get(request.file_id)
        caller = require_principal()
        if found is None or (found[0].user_id not in (NOBODY, caller.user_id) and not caller.is_admin):
            raise _not_found(request.file_id)
        return files.GetFileResponse(file=found[0])

    async def SignDownloads(self, request: files.SignDownloadsRequest, context: Context) -> files.SignDownloadsResponse:
        self.refusals.enter("SignDownloads")
        self.lives.append(request.life.seconds)
        end = Timestamp()
        end.FromDatetime(self._clock.now() + request.life.ToTimedelta())
        caller = require_principal()
        known = [each for each in request.file_ids if self._is_of(each, caller.user_id)]
        downloads = [files.SignedDownload(file_id=each, link=f"signed-{each}", expire_time=end) for each in known]
        return files.SignDownloadsResponse(downloads=downloads)

    def _is_of(self, file_id: str, user_id: int) -> bool:
        return file_id in self.stored and self.stored[file_id][0].user_id == user_id

    async def DeleteFile(self, request: files.DeleteFileRequest, context: Context) -> files.DeleteFileResponse:
        self.refusals.enter("DeleteFile")
        caller = require_principal()
        file = (await self.GetFile(files.GetFileRequest(file_id=request.file_id), context)).file
        if (request.HasField("file_type") and file.file_type != request.file_type) or (
            request.storage_types and file.storage_type not in request.storage_types
        ):
            raise _not_found(request.file_id)
        if file.user_id == NOBODY and not caller.is_admin:
            raise Forbidden(reasons.ERROR_REASON_ADMIN_REQUIRED, "需要管理员权限")
        del self.stored[file.id]
        return files.DeleteFileResponse(file=file)

    async def ListOwnFiles(self, request: files.ListOwnFilesRequest, context: Context) -> files.ListOwnFilesResponse:
        self.refusals.enter("ListOwnFiles")
        wanted = files.FileFilter(user_id=require_principal().user_id)
        if request.HasField("file_type"):
            wanted.file_type = request.file_type
        found = self._persistent(wanted)
        page = [file for file, _ in found[request.skip :][: request.page_size]]
        return files.ListOwnFilesResponse(files=page, total_size=len(found))

    async def ListFiles(self, request: files.ListFilesRequest, context: Context) -> files.ListFilesResponse:
        self.refusals.enter("ListFiles")
        found = self._persistent(request.filter)
        page = [files.ListedFile(file=file, blob_key=key) for file, key in found[request.skip :][: request.page_size]]
        return files.ListFilesResponse(files=page, total_size=len(found))

    async def ListCachedFiles(
        self, request: files.ListCachedFilesRequest, context: Context
    ) -> files.ListCachedFilesResponse:
        self.refusals.enter("ListCachedFiles")
        caller = current_call().principal
        users = {NOBODY} if caller is None else {NOBODY, caller.user_id}
        found = [
            file
            for file, _ in self.stored.values()
            if file.storage_type != files.STORAGE_TYPE_PERSISTENT
            and file.user_id in users
            and (not request.HasField("file_type") or file.file_type == request.file_type)
            and (not request.HasField("is_temp") or request.is_temp == (file.storage_type == files.STORAGE_TYPE_TEMP))
        ]
        page = found[request.skip :][: request.page_size]
        return files.ListCachedFilesResponse(files=page, total_size=len(found))

    async def GetFileStats(self, request: files.GetFileStatsRequest, context: Context) -> files.GetFileStatsResponse:
        self.refusals.enter("GetFileStats")
        kinds = Counter((file.storage_type, file.file_type) for file, _ in self.stored.values())
        sizes = {key: file.size_bytes for file, key in self.stored.values()}
        counts = [
            files.FileCount(storage_type=kind[0], file_type=kind[1], files=number) for kind, number in kinds.items()
        ]
        return files.GetFileStatsResponse(counts=counts, blobs=len(sizes), blob_bytes=sum(sizes.values()))

    def _persistent(self, wanted: files.FileFilter) -> list[tuple[files.File, str]]:
        def fits(file: files.File) -> bool:
            return (
                file.storage_type == files.STORAGE_TYPE_PERSISTENT
                and (not wanted.HasField("file_type") or file.file_type == wanted.file_type)
                and (not wanted.HasField("user_id") or file.user_id == wanted.user_id)
                and wanted.keyword.lower() in file.original_name.lower()
                and file.size_bytes >= wanted.min_size_bytes
                and (not wanted.HasField("max_size_bytes") or file.size_bytes <= wanted.max_size_bytes)
            )

        return [each for each in reversed(self.stored.values()) if fits(each[0])]

    async def UploadFile(
        self, request_iterator: AsyncIterator[files.UploadFileRequest], context: Context
    ) -> files.UploadFileResponse:
        raise Unimplemented(reasons.ERROR_REASON_NOT_IMPLEMENTED, "该功能尚未提供")

    async def DownloadFile(
        self, request: files.DownloadFileRequest, context: Context
    ) -> AsyncIterator[files.DownloadFileResponse]:
        raise Unimplemented(reasons.ERROR_REASON_NOT_IMPLEMENTED, "该功能尚未提供")
        yield


def _not_found(file_id: str) -> NotFound:
    return NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, f"文件不存在: {file_id}")
