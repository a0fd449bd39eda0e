"""Bringing the files of an order here, wherever they are."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from kit.errors import DomainError
from kit.net.errors import FetchBroken, FetchError, FetchRefused, FetchTimeout, FetchTooLarge
from kit.net.messages import Downloaded, FetchLimits
from kit.sources import SourceFiles
from services.video.domain.limits import MediaLimits
from services.video.domain.orders import OrderedFile, field_invalid, too_large


class WebFiles(Protocol):
    """Files of others, in the public web."""

    async def download(self, url: str, target: Path, *, limits: FetchLimits) -> Downloaded:
        """Writes a new file. Raises FetchError, or Invalid where nothing is fetched."""
        ...


class NoWebFiles:
    """`WebFiles` of an installation that fetches nothing from elsewhere."""

    async def download(self, url: str, target: Path, *, limits: FetchLimits) -> Downloaded:
        """Raises Invalid."""
        del url, target, limits
        raise field_invalid("本平台未开启外部链接下载，请先将文件上传到本平台")


class OrderedFiles:
    """Copies of ordered files."""

    def __init__(self, own: SourceFiles, web: WebFiles) -> None:
        self._own = own
        self._web = web

    async def copy(self, file: OrderedFile, target: Path, *, label: str, limits: MediaLimits, timeout_s: float) -> None:
        """Copies the bytes to a new file. `label` names the file in messages; `timeout_s` is for a URL.

        Raises Invalid or TooLarge for a URL that does not lead to such a file, and DomainError.
        """
        if not file.url:
            await self._own.fetch(file.file_id, target)
            return
        try:
            bounds = FetchLimits(total_s=timeout_s, max_bytes=limits.max_size_bytes)
            await self._web.download(file.url, target, limits=bounds)
        except FetchError as error:
            raise _refusal(error, label, limits) from error


def _refusal(error: FetchError, label: str, limits: MediaLimits) -> DomainError:
    match error:
        case FetchTooLarge():
            return too_large(label, limits)
        case FetchRefused():
            return field_invalid(f"{label}链接不可用，请使用公网可访问的 http 或 https 链接")
        case FetchTimeout():
            return field_invalid(f"{label}链接下载超时，请先将文件上传到本平台")
        case FetchBroken(status=status) if status:
            return field_invalid(f"{label}链接无法下载（HTTP {status}）")
        case _:
            return field_invalid(f"{label}链接无法下载")
