"""What users did."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint, NoInput
from edge.platform_api.handlers import activities
from edge.platform_api.models.activities import (
    ActivityStatsIn,
    ActivityStatsOut,
    ActivityTypesOut,
    RecentIn,
    RecentOut,
)

TAG = "用户活动"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="GET",
        path="/api/activities/recent",
        access=Access.USER,
        input=RecentIn,
        handler=activities.recent,
        output=RecentOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/activities/types",
        access=Access.USER,
        input=NoInput,
        handler=activities.types,
        output=ActivityTypesOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/activities/stats",
        access=Access.ADMIN,
        input=ActivityStatsIn,
        handler=activities.stats,
        output=ActivityStatsOut,
        tag=TAG,
    ),
)
