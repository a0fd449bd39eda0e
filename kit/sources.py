"""Files that users hand to an engine, as a service that works on them sees them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kit.errors import Invalid
from voxreel.common.v1 import error_reason_pb2 as reasons

_MAX_ID_CHARACTERS = 512


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of the caller. `name` is what its owner called it; `sha256` is hexadecimal."""

    id: str
    name: str
    size_bytes: int
    sha256: str

    @property
    def extension(self) -> str:
        """Without the dot, in lower case; empty when neither id nor name has one."""
        return extension_of(self.id) or extension_of(self.name)


class SourceFiles(Protocol):
    """Reads files that users hand in."""

    async def find(self, file_id: str) -> SourceFile:
        """A file of the calling user. Raises NotFound (FILE_NOT_FOUND, also another user's), and DomainError."""
        ...

    async def fetch(self, file_id: str, target: Path) -> None:
        """Copies the bytes to a new file. For work that outlives its call. Raises DomainError."""
        ...


def extension_of(name: str) -> str:
    """What stands behind the last dot, in lower case; empty when there is none, or nothing sensible."""
    _stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and extension.isalnum() and len(extension) <= 8 else ""


def check_file_id(file_id: str, label: str) -> None:
    """Raises Invalid, naming the field, for what cannot be a file's id."""
    if not 0 < len(file_id) <= _MAX_ID_CHARACTERS or not file_id.isprintable():
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, f"{label} 不正确")


def check_format(file: SourceFile, allowed: tuple[str, ...]) -> None:
    """Raises Invalid (FILE_TYPE_UNSUPPORTED) unless the file's extension is one of these."""
    if file.extension not in allowed:
        raise Invalid(
            reasons.ERROR_REASON_FILE_TYPE_UNSUPPORTED,
            f"不支持的文件格式，请使用 {'、'.join(allowed)} 文件",
            metadata={"extension": file.extension, "allowed": ",".join(allowed)},
        )


@asynccontextmanager
async def scratch_folder() -> AsyncIterator[Path]:
    """An empty folder for one attempt at a task; removed at the end, whatever happens."""
    folder = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="voxreel-")
    try:
        yield Path(folder.name)
    finally:
        # A cancelled attempt must leave nothing behind either.
        await asyncio.shield(asyncio.to_thread(folder.cleanup))
