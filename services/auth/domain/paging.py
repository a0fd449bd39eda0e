"""Which part of a list."""

from __future__ import annotations

from dataclasses import dataclass

from services.auth.domain.errors import field_invalid

PAGE_LIMIT = 100
DEFAULT_PAGE = 20


@dataclass(frozen=True, slots=True)
class Page:
    """So many behind so many others. Raises Invalid (FIELD_INVALID) when it cannot be one."""

    size: int = DEFAULT_PAGE
    skip: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.size <= PAGE_LIMIT:
            raise field_invalid("page_size", f"每页数量须在 1 至 {PAGE_LIMIT} 之间")
        if self.skip < 0:
            raise field_invalid("skip", "跳过的数量不能为负数")
