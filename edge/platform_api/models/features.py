"""Features that cost credits, for users and for administrators."""

from __future__ import annotations

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In

MAX_PRICE = 1_000_000


class FeatureOut(TypedDict):
    name: str
    credits_cost: int
    available_times: int
    sufficient_credits: bool
    implemented: bool


class FeatureSummaryOut(TypedDict):
    total_features: int
    implemented_features: int
    affordable_features: int
    min_cost: int
    max_cost: int


class RecommendationOut(TypedDict):
    type: str
    message: str
    action: str


class FeaturesOut(TypedDict):
    user_credits: int
    features: dict[str, FeatureOut]
    summary: FeatureSummaryOut
    recommendations: list[RecommendationOut]


class FeatureConfigOut(TypedDict):
    name: str
    description: str
    credits_cost: int
    endpoint: str
    unit: str
    category: str


class FeatureConfigInfoOut(TypedDict):
    total_features: int
    last_updated: str | None
    managed_by: str


class FeatureConfigsOut(TypedDict):
    features: dict[str, FeatureConfigOut]
    config_info: FeatureConfigInfoOut


class FeaturePriceIn(In):
    feature_key: str = Field(max_length=64, description="功能键名")
    credits_cost: int = Field(ge=0, le=MAX_PRICE, description="新的积分消耗")


class FeaturePriceOut(TypedDict):
    message: str
    feature_key: str
    feature_name: str
    old_credits_cost: int
    new_credits_cost: int
    updated_by: str
    updated_at: str
