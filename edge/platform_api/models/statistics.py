"""Sums of credits, for administrators and for users."""

from __future__ import annotations

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In


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


class RecentTransactionOut(TypedDict):
    id: int
    transaction_type: str
    amount: int
    balance_before: int
    balance_after: int
    card_code: str | None
    feature_key: str | None
    feature_name: str | None
    description: str
    operator_admin_username: str | None
    created_at: str


class MyStatsOut(TypedDict):
    total_earned: int
    total_consumed: int
    current_balance: int
    card_activations: int
    admin_recharges: int
    feature_consumptions: int
    recent_transactions: list[RecentTransactionOut]
