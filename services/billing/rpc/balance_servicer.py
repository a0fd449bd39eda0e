"""BalanceService."""

from __future__ import annotations

from kit.rpc.server import Context
from services.billing.domain.balance_search import CreditBounds
from services.billing.usecases.balance_search import BalanceSearch
from voxreel.billing.v1 import balance_service_pb2 as pb
from voxreel.billing.v1 import balance_service_pb2_grpc


class BalanceServicer(balance_service_pb2_grpc.BalanceServiceServicer):
    """Searching among balances, for administrators."""

    def __init__(self, search: BalanceSearch) -> None:
        self._search = search

    async def FindUsersByBalance(
        self, request: pb.FindUsersByBalanceRequest, _context: Context
    ) -> pb.FindUsersByBalanceResponse:
        found = await self._search.find(
            CreditBounds(
                lowest=request.min_credits if request.HasField("min_credits") else None,
                highest=request.max_credits if request.HasField("max_credits") else None,
            )
        )
        reply = pb.FindUsersByBalanceResponse
        return reply(user_ids=found.user_ids, meaning=reply.MEANING_ALL_BUT if found.is_all_but else reply.MEANING_ONLY)
