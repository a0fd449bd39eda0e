"""Pages, filters and days as many endpoints take them."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo
from typing_extensions import TypedDict

from edge.endpoint import In, JsonObject

MAX_INT64 = 2**63 - 1
# The services count what is skipped in 32 bits.
_MAX_PAGE = 20_000_000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _written_as_day(given: object, info: ValidationInfo) -> object:
    # Left to itself pydantic takes seconds since 1970, too.
    if isinstance(given, str) and not _DAY.fullmatch(given):
        raise ValueError(f"参数 {info.field_name} 必须是 YYYY-MM-DD 格式的日期")
    return given


Day = Annotated[date, BeforeValidator(_written_as_day)]


class PageOut(TypedDict):
    total: int
    page: int
    page_size: int
    total_pages: int


class SearchFacts(PageOut):
    search_keyword: str | None
    filters_applied: JsonObject


class PageIn(In):
    page: int = Field(default=1, ge=1, le=_MAX_PAGE, description="页码")
    page_size: int = Field(default=20, ge=1, le=100, description="每页数量")

    @property
    def skip(self) -> int:
        """How many come before the page."""
        return (self.page - 1) * self.page_size

    def facts(self, total: int) -> PageOut:
        """What the reply says of the page, when there are so many in all."""
        return {
            "total": total,
            "page": self.page,
            "page_size": self.page_size,
            "total_pages": -(-total // self.page_size),
        }


class SearchIn(PageIn):
    q: str | None = Field(default=None, max_length=100, description="搜索关键词")

    @property
    def keyword(self) -> str:
        """What to look for; empty means everything."""
        return (self.q or "").strip()

    def search_facts(self, total: int) -> SearchFacts:
        """The same of a search, with the filters as they were given."""
        given = self.model_dump(mode="json", exclude_none=True)
        return {
            **self.facts(total),
            "search_keyword": self.q,
            "filters_applied": {name: value for name, value in given.items() if name not in _NO_FILTERS},
        }


_NO_FILTERS: Collection[str] = frozenset({"q", *PageIn.model_fields})
