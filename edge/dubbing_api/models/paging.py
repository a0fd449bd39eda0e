"""Pages as the dubbing document has them."""

from __future__ import annotations

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In

# The services count what is skipped in 32 bits.
_MAX_PAGE = 20_000_000


class PageOut(TypedDict):
    total: int
    page: int
    size: int
    total_pages: int


class PageIn(In):
    page: int = Field(default=1, ge=1, le=_MAX_PAGE, description="页码")
    size: int = Field(default=20, ge=1, le=100, description="每页数量")

    @property
    def skip(self) -> int:
        """How many come before the page."""
        return (self.page - 1) * self.size

    def facts(self, total: int) -> PageOut:
        """What the reply says of the page, when there are so many in all."""
        return {"total": total, "page": self.page, "size": self.size, "total_pages": -(-total // self.size)}
