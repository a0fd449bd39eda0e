"""Credits, moved by administrators."""

from __future__ import annotations

from edge.endpoint import Call
from edge.platform_api.models.credits import RechargeIn, RechargeOut
from voxreel.billing.v1 import ledger_service_pb2 as ledger


async def recharge(given: RechargeIn, call: Call) -> RechargeOut:
    """Gives credits to a user."""
    response = await call.shared.clients.ledger.RechargeCredits(
        ledger.RechargeCreditsRequest(
            request_id=call.request_key,
            user_id=given.user_id,
            credits=given.amount,
            description=given.description,
        )
    )
    entry = response.entry
    return {
        "message": "积分充值成功",
        "user_id": entry.user_id,
        "user_account": response.user_account,
        "recharge_amount": entry.credits,
        "balance_before": entry.balance_before,
        "balance_after": entry.balance_after,
        "description": entry.description,
        "recharged_by": call.user.account,
        "recharged_at": call.shared.times.stamp(entry.create_time),
    }
