"""Holding credits at billing."""

from __future__ import annotations

from datetime import timedelta

from kit.rpc.client import Peer
from kit.rpc.times import duration_of
from kit.tasks.acceptance import Hold, Price
from voxreel.billing.v1 import ledger_service_pb2 as messages
from voxreel.billing.v1 import ledger_service_pb2_grpc

# Renders take longer than speech, and wait longer for their turn.
HOLD_LIFE = timedelta(hours=24)


class BillingCreditHolds:
    """Holds of the billing service."""

    def __init__(self, billing: Peer) -> None:
        self._ledger = billing.stub(ledger_service_pb2_grpc.LedgerServiceStub)

    async def reserve(self, task_id: str, user_id: int, price: Price) -> Hold:
        response = await self._ledger.ReserveCredits(
            messages.ReserveCreditsRequest(
                request_id=task_id,
                user_id=user_id,
                feature_key=price.feature_key,
                credits=price.credits,
                description=price.description,
                expires_in=duration_of(HOLD_LIFE),
            )
        )
        return Hold(id=response.hold.id, credits=response.hold.credits)
