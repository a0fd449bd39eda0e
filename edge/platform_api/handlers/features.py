"""What features cost, and who can afford them."""

from __future__ import annotations

from collections.abc import Mapping

from edge.aggregates.capabilities import usable_capabilities
from edge.endpoint import Call, NoInput
from edge.platform_api.config_info import MANAGED_BY, last_updated
from edge.platform_api.features import facts_of
from edge.platform_api.models.features import (
    FeatureConfigsOut,
    FeatureOut,
    FeaturePriceIn,
    FeaturePriceOut,
    FeaturesOut,
    RecommendationOut,
)
from kit.concurrency import both
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.billing.v1 import pricing_service_pb2 as pricing

# How often a free feature can be used, where the contract wants a number.
_UNLIMITED_TIMES = 999_999


async def features(_given: NoInput, call: Call) -> FeaturesOut:
    """Every feature that costs credits, as the caller can use it now."""
    clients = call.shared.clients
    (balance, listed), usable = await both(
        both(
            clients.ledger.GetBalance(ledger.GetBalanceRequest()),
            clients.pricing.ListFeaturePrices(pricing.ListFeaturePricesRequest()),
        ),
        usable_capabilities(clients),
    )
    credits = balance.available_credits
    shown = {price.key: _feature(price, credits, usable) for price in listed.prices}
    costs = [feature["credits_cost"] for feature in shown.values()]
    return {
        "user_credits": credits,
        "features": shown,
        "summary": {
            "total_features": len(shown),
            "implemented_features": sum(feature["implemented"] for feature in shown.values()),
            "affordable_features": sum(feature["sufficient_credits"] for feature in shown.values()),
            "min_cost": min(costs, default=0),
            "max_cost": max(costs, default=0),
        },
        "recommendations": [_recommendation(shown)],
    }


def _feature(price: pricing.FeaturePrice, credits: int, usable: frozenset[str]) -> FeatureOut:
    return {
        "name": price.display_name,
        "credits_cost": price.credits,
        "available_times": credits // price.credits if price.credits else _UNLIMITED_TIMES,
        "sufficient_credits": credits >= price.credits,
        "implemented": facts_of(price.key).capability in usable,
    }


def _recommendation(shown: Mapping[str, FeatureOut]) -> RecommendationOut:
    missing = [feature["name"] for feature in shown.values() if not feature["sufficient_credits"]]
    if not missing:
        return {
            "type": "sufficient_credits",
            "message": "您的积分充足，可以使用所有功能",
            "action": "开始使用服务",
        }
    return {
        "type": "insufficient_credits",
        "message": f"您的积分不足以使用：{'、'.join(missing)}",
        "action": "充值积分或激活卡密",
    }


async def configured_features(_given: NoInput, call: Call) -> FeatureConfigsOut:
    """Every feature with its price, for administrators."""
    listed = await call.shared.clients.pricing.ListFeaturePrices(pricing.ListFeaturePricesRequest())
    return {
        "features": {
            price.key: {
                "name": price.display_name,
                "description": facts_of(price.key).description,
                "credits_cost": price.credits,
                "endpoint": facts_of(price.key).endpoint,
                "unit": facts_of(price.key).unit,
                "category": facts_of(price.key).category,
            }
            for price in listed.prices
        },
        "config_info": {
            "total_features": len(listed.prices),
            "last_updated": last_updated((price.update_time for price in listed.prices), call.shared.times),
            "managed_by": MANAGED_BY,
        },
    }


async def change_price(given: FeaturePriceIn, call: Call) -> FeaturePriceOut:
    """What is held already keeps its price."""
    response = await call.shared.clients.pricing.UpdateFeaturePrice(
        pricing.UpdateFeaturePriceRequest(key=given.feature_key, credits=given.credits_cost)
    )
    price = response.price
    return {
        "message": "功能积分消耗更新成功",
        "feature_key": price.key,
        "feature_name": price.display_name,
        "old_credits_cost": response.former_credits,
        "new_credits_cost": price.credits,
        "updated_by": call.user.account,
        "updated_at": call.shared.times.stamp(price.update_time),
    }
