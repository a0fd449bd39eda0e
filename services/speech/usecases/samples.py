"""Samples of voices on their way to an engine: stored files, and files behind public addresses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Protocol
from urllib.parse import unquote

from kit.errors import Invalid
from kit.net.errors import FetchError, FetchRefused, FetchTooLarge
from kit.net.messages import Downloaded, FetchLimits
from kit.net.urls import UrlRefused, read_url
from kit.sources import SourceFiles, check_file_id, check_format, extension_of
from services.speech.domain.sources import AUDIO
from voxreel.common.v1 import error_reason_pb2 as reasons

LIMITS: Final = FetchLimits(total_s=60.0, max_bytes=20 * 1024 * 1024)


class Downloads(Protocol):
    """Fetches files from public addresses; the fetcher of the kit."""

    async def download(self, url: str, target: Path, *, limits: FetchLimits) -> Downloaded:
        """Writes what lies behind the URL to a new file. Raises FetchError."""
        ...


@dataclass(frozen=True, slots=True)
class Sample:
    """Where a sample is: the file, or else the address. `identity` is the same for the same sample."""

    file_id: str
    audio_url: str
    extension: str
    identity: str


class Samples:
    """Finds samples when a task is accepted, and fetches them when it is done."""

    def __init__(self, files: SourceFiles, web: Downloads) -> None:
        self._files = files
        self._web = web

    async def find(self, file_id: str, audio_url: str) -> Sample:
        """The sample of a request, which gives one of the two.

        Raises NotFound, Invalid (FILE_TYPE_UNSUPPORTED, SAMPLE_UNREACHABLE).
        """
        if audio_url:
            return _behind(audio_url)
        check_file_id(file_id, "file_id")
        file = await self._files.find(file_id)
        check_format(file, AUDIO)
        return Sample(file.id, "", file.extension, file.id)

    async def fetch(self, file_id: str, audio_url: str, target: Path) -> None:
        """Writes the sample to a new file. Raises DomainError."""
        if not audio_url:
            await self._files.fetch(file_id, target)
            return
        try:
            await self._web.download(audio_url, target, limits=LIMITS)
        except FetchRefused:
            raise _unreachable("音频链接不允许访问，请使用公网地址") from None
        except FetchTooLarge:
            raise _unreachable(f"音频文件过大，最大支持 {LIMITS.max_bytes >> 20}MB") from None
        except FetchError:
            raise _unreachable("音频链接无法下载，请检查链接是否有效") from None


def _behind(audio_url: str) -> Sample:
    try:
        url = read_url(audio_url)
    except UrlRefused:
        raise _unreachable("音频链接格式不正确") from None
    # What the file is shows when it is decoded; only bare samples have to be told by their name.
    extension = extension_of(PurePosixPath(unquote(url.path)).name)
    return Sample("", str(url), extension if extension in AUDIO else "", str(url))


def _unreachable(message: str) -> Invalid:
    return Invalid(reasons.ERROR_REASON_SAMPLE_UNREACHABLE, message)
