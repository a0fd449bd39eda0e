"""Searching among balances as an edge sees it."""

from __future__ import annotations

from kit.rpc.server import Context
from tests.fakes.refusals import Refusals
from tests.fakes.servicers_billing import FakeLedger
from voxreel.billing.v1 import balance_service_pb2 as balances
from voxreel.billing.v1 import balance_service_pb2_grpc


class FakeBalances(balance_service_pb2_grpc.BalanceServiceServicer):
    """Searches the balances of a ledger; who is not in it has none."""

    def __init__(self, ledger: FakeLedger) -> None:
        self._ledger = ledger
        self.refusals = Refusals()

    async def FindUsersByBalance(
        self, request: balances.FindUsersByBalanceRequest, context: Context
    ) -> balances.FindUsersByBalanceResponse:
        self.refusals.enter("FindUsersByBalance")

        def is_within(credits: int) -> bool:
            is_low = request.HasField("min_credits") and credits < request.min_credits
            return not (is_low or (request.HasField("max_credits") and credits > request.max_credits))

        reply, known = balances.FindUsersByBalanceResponse, self._ledger.balances
        if is_within(0):
            outside = [user_id for user_id, credits in known.items() if not is_within(credits)]
            return reply(user_ids=outside, meaning=reply.MEANING_ALL_BUT)
        within = [user_id for user_id, credits in known.items() if is_within(credits)]
        return reply(user_ids=within, meaning=reply.MEANING_ONLY)
