"""Sums of credits, for administrators and for users."""

from __future__ import annotations

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In
from edge.platform_api.models.transactions import TransactionOut


class CreditsChartIn(In):
    hours: int = Field(default=24, ge=1, le=72, description="查询最近几小时的数据")


class ChartPointOut(TypedDict):
    hour: str
    consumed: int
    transactions: int
    by_feature: dict[str, int]


class CreditsChartOut(TypedDict):
    hours: int
    points: list[ChartPointOut]
    total_consumed: int


class MyStatsOut(TypedDict):
    total_earned: int
    total_consumed: int
    current_balance: int
    card_activations: int
    admin_recharges: int
    feature_consumptions: int
    recent_transactions: list[TransactionOut]
