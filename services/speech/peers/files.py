"""Files as the source of work and the place of its results."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from kit.errors import NotFound
from kit.rpc.client import Peer
from kit.sources import SourceFile
from voxreel.files.v1 import file_service_pb2 as messages
from voxreel.files.v1 import file_service_pb2_grpc

_CHUNK_BYTES = 256 * 1024
_FILE_TYPE = "audio"
_ID_PREFIX = "tts_audio"
_SAMPLE_FILE_TYPE = "voice_samples"
_SAMPLE_ID_PREFIX = "voice_sample"
_PACK_FILE_TYPE = "voice_packs"
_PACK_ID_PREFIX = "voice_pack"
# What is shared, by its extension.
_SHARED_FILE_TYPES = MappingProxyType({"wav": "voice_previews", "png": "voice_avatars"})


@dataclass(frozen=True, slots=True)
class StoredAudio:
    """A stored file as a task's output names it."""

    file_id: str
    size_bytes: int


class AudioFiles(Protocol):
    """Keeps finished audio for its user."""

    async def store(self, task_id: str, user_id: int, *, name: str, data: bytes) -> StoredAudio:
        """Stores one file for each task: a repeat answers the first one. Raises DomainError."""
        ...

    async def has_cached(self, file_id: str) -> bool:
        """Whether the shared file of this id, without extension, is there. Raises DomainError."""
        ...

    async def cache(self, file_id: str, extension: str, data: bytes) -> None:
        """Keeps WAV or PNG for everybody under this id; what is there already stays. Raises DomainError."""
        ...

    async def keep_sample(self, user_id: int, sha256: str, *, name: str, source: Path) -> str:
        """The id of the user's file of these bytes, which is stored if it is not there yet. Raises DomainError."""
        ...

    async def keep_pack(self, user_id: int, sha256: str, data: bytes) -> str:
        """The same for what an engine has learnt of a voice. Raises DomainError."""
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


class FilesAudioFiles:
    """Audio in the files service."""

    def __init__(self, files: Peer) -> None:
        self._files = files.stub(file_service_pb2_grpc.FileServiceStub)

    async def store(self, task_id: str, user_id: int, *, name: str, data: bytes) -> StoredAudio:
        header = messages.UploadFileHeader(
            request_id=task_id,
            user_id=user_id,
            storage_type=messages.STORAGE_TYPE_PERSISTENT,
            file_type=_FILE_TYPE,
            original_name=name,
            id_prefix=_ID_PREFIX,
        )
        response = await self._files.UploadFile(_parts(header, data))
        return StoredAudio(response.file.id, response.file.size_bytes)

    async def keep_sample(self, user_id: int, sha256: str, *, name: str, source: Path) -> str:
        header = _content_header(user_id, sha256, name, file_type=_SAMPLE_FILE_TYPE, id_prefix=_SAMPLE_ID_PREFIX)
        data = await asyncio.to_thread(source.read_bytes)
        return (await self._files.UploadFile(_parts(header, data))).file.id

    async def keep_pack(self, user_id: int, sha256: str, data: bytes) -> str:
        header = _content_header(
            user_id, sha256, f"{_PACK_ID_PREFIX}.bin", file_type=_PACK_FILE_TYPE, id_prefix=_PACK_ID_PREFIX
        )
        return (await self._files.UploadFile(_parts(header, data))).file.id

    async def has_cached(self, file_id: str) -> bool:
        request = messages.OpenDownloadRequest(file_id=file_id, storage_type=messages.STORAGE_TYPE_CACHE)
        try:
            await self._files.OpenDownload(request)
        except NotFound:
            return False
        return True

    async def cache(self, file_id: str, extension: str, data: bytes) -> None:
        header = messages.UploadFileHeader(
            request_id=file_id,
            storage_type=messages.STORAGE_TYPE_CACHE,
            file_type=_SHARED_FILE_TYPES[extension],
            original_name=f"{file_id}.{extension}",
        )
        await self._files.UploadFile(_parts(header, data))


def _content_header(
    user_id: int, sha256: str, name: str, *, file_type: str, id_prefix: str
) -> messages.UploadFileHeader:
    """Of a file that its user has once."""
    return messages.UploadFileHeader(
        request_id=f"{id_prefix}_{sha256}",
        user_id=user_id,
        storage_type=messages.STORAGE_TYPE_PERSISTENT,
        file_type=file_type,
        original_name=name,
        id_prefix=id_prefix,
    )


async def _parts(header: messages.UploadFileHeader, data: bytes) -> AsyncIterator[messages.UploadFileRequest]:
    yield messages.UploadFileRequest(header=header)
    for start in range(0, len(data), _CHUNK_BYTES):
        yield messages.UploadFileRequest(chunk=data[start : start + _CHUNK_BYTES])
