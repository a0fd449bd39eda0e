"""What lists and statistics of files are asked for, and what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kit.errors import Invalid
from services.files.domain.model import StorageType
from voxreel.common.v1 import error_reason_pb2 as reasons

DEFAULT_PAGE_SIZE = 100
MAX_PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class FileFilter:
    """Which files. `keyword` is part of the name, in letters of either case; sizes are inclusive."""

    storage_types: tuple[StorageType, ...]
    user_ids: tuple[int, ...] | None = None
    file_type: str | None = None
    keyword: str | None = None
    min_size_bytes: int | None = None
    max_size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list: at most `size` after the first `skip`."""

    size: int
    skip: int

    @classmethod
    def checked(cls, size: int | None, skip: int | None) -> Page:
        """The page asked for. Raises Invalid when it is too large or begins before the list."""
        page = cls(DEFAULT_PAGE_SIZE if size is None else size, skip or 0)
        if not 1 <= page.size <= MAX_PAGE_SIZE or page.skip < 0:
            raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, f"每页数量必须在 1 到 {MAX_PAGE_SIZE} 之间")
        return page


@dataclass(frozen=True, slots=True)
class FileCount:
    """Files of one kind, and the bytes they have."""

    storage_type: StorageType
    file_type: str
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FileStats:
    """All files, and what they take of the store: files with the same bytes share a blob."""

    counts: Sequence[FileCount]
    blobs: int
    blob_bytes: int
