"""Voices: tags, templates, and what users upload."""

from __future__ import annotations

from typing import Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In

# The services count what is skipped in 32 bits.
_MAX_PAGE = 20_000_000
_MAX_ID = 2**31 - 1
_MAX_LONG_ID = 2**63 - 1


class TagsIn(In):
    category: str | None = Field(default=None, max_length=64, description="标签分类筛选")


class TagOut(TypedDict):
    id: int
    name: str
    category: str
    description: str
    use_count: int
    sort_order: int


class TemplatesIn(In):
    gender: Literal["male", "female", "all"] = Field(default="all", description="性别筛选")
    age_range: Literal["child", "youth", "middle", "old"] | None = Field(default=None, description="年龄段筛选")
    category: str | None = Field(default=None, max_length=64, description="类别筛选")
    tags: list[str] = Field(default=[], max_length=20, description="标签筛选，必须同时包含所有标签")
    keyword: str = Field(default="", max_length=100, description="搜索名称和描述")
    sort_by: Literal["sort_order", "use_count", "created_at"] = Field(default="sort_order", description="排序方式")
    page: int = Field(default=1, ge=1, le=_MAX_PAGE, description="页码")
    page_size: int = Field(default=20, ge=1, le=100, description="每页数量")


class TemplateIdIn(In):
    template_id: int = Field(ge=1, le=_MAX_ID)


class TemplateOut(TypedDict):
    id: int
    name: str
    description: str
    avatar_url: str
    gender: str
    age_range: str
    tags: list[str]
    category: str
    style: str
    duration: float
    # Always there; the example of the single voice leaves it out.
    sort_order: NotRequired[int]
    use_count: int
    created_at: str
    sample_url: NotRequired[str]


class TemplatesOut(TypedDict):
    items: list[TemplateOut]
    total: int
    page: int
    page_size: int
    total_pages: int


class CustomVoiceForm(In):
    name: str = Field(min_length=1, max_length=100, description="音色名称")
    description: str = Field(default="", max_length=500, description="音色描述")


class CustomVoiceIdIn(In):
    voice_id: int = Field(ge=1, le=_MAX_LONG_ID)


class CustomVoiceOut(TypedDict):
    id: int
    name: str
    description: str
    file_size: int
    duration: float
    created_at: str
    is_learnt: bool


class CreatedVoiceOut(CustomVoiceOut):
    is_duplicate: bool
