"""Holding credits at billing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from kit.rpc.client import Peer
from kit.rpc.times import duration_of
from voxreel.billing.v1 import ledger_service_pb2 as messages
from voxreel.billing.v1 import ledger_service_pb2_grpc

HOLD_LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Hold:
    """Credits set aside for one task."""

    id: str
    credits: int


class CreditHolds(Protocol):
    """Sets credits aside. Taking or returning them follows from the task's events."""

    async def reserve(self, task_id: str, user_id: int, feature_key: str, *, description: str) -> Hold:
        """Holds the feature's price of now; a repeat with the same task answers the same hold.

        Raises InsufficientCredits, and DomainError when billing refuses or cannot be asked.
        """
        ...


class BillingCreditHolds:
    """Holds of the billing service."""

    def __init__(self, billing: Peer) -> None:
        self._ledger = billing.stub(ledger_service_pb2_grpc.LedgerServiceStub)

    async def reserve(self, task_id: str, user_id: int, feature_key: str, *, description: str) -> Hold:
        response = await self._ledger.ReserveCredits(
            messages.ReserveCreditsRequest(
                request_id=task_id,
                user_id=user_id,
                feature_key=feature_key,
                description=description,
                expires_in=duration_of(HOLD_LIFE),
            )
        )
        return Hold(id=response.hold.id, credits=response.hold.credits)
