"""Files as the source of work and the place of its results."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kit.rpc.client import Peer
from kit.sources import SourceFile
from voxreel.files.v1 import file_service_pb2 as messages
from voxreel.files.v1 import file_service_pb2_grpc

_CHUNK_BYTES = 256 * 1024
_FILE_TYPE = "videos"


@dataclass(frozen=True, slots=True)
class StoredVideo:
    """A stored file as a task's output names it."""

    file_id: str
    size_bytes: int


class VideoFiles(Protocol):
    """Keeps finished videos for their users."""

    async def store(self, task_id: str, user_id: int, *, name: str, path: Path) -> StoredVideo:
        """Stores one file for each task: a repeat answers the first one. Raises DomainError."""
        ...


class FilesSourceFiles:
    """Sources in the files service."""

    def __init__(self, files: Peer) -> None:
        self._files = files.stub(file_service_pb2_grpc.FileServiceStub)

    async def find(self, file_id: str) -> SourceFile:
        file = (await self._files.GetFile(messages.GetFileRequest(file_id=file_id))).file
        return SourceFile(file.id, file.original_name, file.size_bytes, file.sha256)

    async def fetch(self, file_id: str, target: Path) -> None:
        with await asyncio.to_thread(target.open, "xb") as copy:
            async for part in self._files.DownloadFile(messages.DownloadFileRequest(file_id=file_id)):
                await asyncio.to_thread(copy.write, part.chunk)


class FilesVideoFiles:
    """Videos in the files service."""

    def __init__(self, files: Peer) -> None:
        self._files = files.stub(file_service_pb2_grpc.FileServiceStub)

    async def store(self, task_id: str, user_id: int, *, name: str, path: Path) -> StoredVideo:
        header = messages.UploadFileHeader(
            request_id=task_id,
            user_id=user_id,
            storage_type=messages.STORAGE_TYPE_PERSISTENT,
            file_type=_FILE_TYPE,
            original_name=name,
        )
        response = await self._files.UploadFile(_parts(header, path))
        return StoredVideo(response.file.id, response.file.size_bytes)


async def _parts(header: messages.UploadFileHeader, path: Path) -> AsyncIterator[messages.UploadFileRequest]:
    yield messages.UploadFileRequest(header=header)
    with await asyncio.to_thread(path.open, "rb") as source:
        while chunk := await asyncio.to_thread(source.read, _CHUNK_BYTES):
            yield messages.UploadFileRequest(chunk=chunk)
