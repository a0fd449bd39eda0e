"""Credits as an administrator gives them."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint
from edge.platform_api.handlers import credits
from edge.platform_api.models.credits import RechargeIn, RechargeOut

TAG = "积分"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="POST",
        path="/api/user/admin/users/{user_id}/credits/recharge",
        access=Access.ADMIN,
        input=RechargeIn,
        handler=credits.recharge,
        output=RechargeOut,
        tag=TAG,
        is_keyed=True,
    ),
)
