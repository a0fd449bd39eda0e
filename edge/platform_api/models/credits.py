"""Moving credits by an administrator's hand."""

from __future__ import annotations

from pydantic import Field
from typing_extensions import TypedDict

from edge.endpoint import In

MAX_INT64 = 2**63 - 1


class RechargeIn(In):
    user_id: int = Field(ge=1, le=MAX_INT64)
    amount: int = Field(ge=1, le=MAX_INT64, description="充值积分数量")
    description: str = Field(default="管理员手动充值", max_length=200)


class RechargeOut(TypedDict):
    message: str
    user_id: int
    user_account: str
    recharge_amount: int
    balance_before: int
    balance_after: int
    description: str
    recharged_by: str
    recharged_at: str
