"""Sums of credits."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint, NoInput
from edge.platform_api.handlers import statistics
from edge.platform_api.models.statistics import CreditsChartIn, CreditsChartOut, MyStatsOut

TAG = "积分"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="GET",
        path="/api/user/admin/credits-chart",
        access=Access.ADMIN,
        input=CreditsChartIn,
        handler=statistics.credits_chart,
        output=CreditsChartOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/cards/my-stats",
        access=Access.USER,
        input=NoInput,
        handler=statistics.my_stats,
        output=MyStatsOut,
        tag=TAG,
    ),
)
