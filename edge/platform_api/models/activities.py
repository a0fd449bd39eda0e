"""What users did."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In, JsonObject

ActivityStatus = Literal["success", "failed", "warning", "info"]
_MAX_OFFSET = 2**31 - 1
_DAYS_LIMIT = 30


class RecentIn(In):
    limit: int = Field(default=20, ge=1, le=100, description="返回记录数量")
    offset: int = Field(default=0, ge=0, le=_MAX_OFFSET, description="偏移量")
    days: int = Field(default=7, ge=1, le=_DAYS_LIMIT, description="查询最近几天的记录")
    activity_type: str | None = Field(default=None, max_length=40, description="活动类型")
    status: ActivityStatus | None = Field(default=None, description="状态")


class ActivityOut(TypedDict):
    id: str
    timestamp: str
    user_id: int | None
    user_account: str
    activity_type: str
    description: str
    status: str
    icon: str
    status_color: str
    formatted_time: str
    extra_data: JsonObject


class RecentOut(TypedDict):
    activities: list[ActivityOut]
    total: int
    has_more: bool


class ActivityTypeOut(TypedDict):
    value: str
    label: str
    icon: str


class ActivityTypesOut(TypedDict):
    activity_types: list[ActivityTypeOut]


class ActivityStatsIn(In):
    days: int = Field(default=7, ge=1, le=_DAYS_LIMIT, description="统计最近几天的数据")


class ActivityStatsOut(TypedDict):
    total_activities: int
    type_stats: dict[str, int]
    status_stats: dict[str, int]
    daily_stats: dict[str, int]
    period_days: int
