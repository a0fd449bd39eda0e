"""LedgerService."""

from __future__ import annotations

from collections.abc import Sequence

from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.rpc.sets import CallInSet, Outcome, alone
from services.billing.rpc.mapping import (
    entry_to_proto,
    entry_type_from_proto,
    hold_to_proto,
    recharge_from_proto,
    reservation_from_proto,
)
from services.billing.usecases.holds import Holds
from services.billing.usecases.reads import DEFAULT_PAGE, LedgerReader
from services.billing.usecases.recharges import Recharges
from voxreel.billing.v1 import ledger_service_pb2 as pb
from voxreel.billing.v1 import ledger_service_pb2_grpc


class LedgerServicer(ledger_service_pb2_grpc.LedgerServiceServicer):
    """Balances, holds, recharges and entries."""

    def __init__(self, reader: LedgerReader, holds: Holds, recharges: Recharges) -> None:
        self._reader = reader
        self._holds = holds
        self._recharges = recharges

    async def GetBalance(self, request: pb.GetBalanceRequest, _context: Context) -> pb.GetBalanceResponse:
        return await alone(self.get_balances, request)

    async def get_balances(
        self, calls: Sequence[CallInSet[pb.GetBalanceRequest]]
    ) -> list[Outcome[pb.GetBalanceResponse]]:
        balances = await self._reader.balances([call.principal.user_id for call in calls])
        return [
            pb.GetBalanceResponse(available_credits=balance.available, held_credits=balance.held)
            for balance in balances
        ]

    async def ReserveCredits(self, request: pb.ReserveCreditsRequest, _context: Context) -> pb.ReserveCreditsResponse:
        hold = await self._holds.reserve(reservation_from_proto(request))
        return pb.ReserveCreditsResponse(hold=hold_to_proto(hold))

    async def CaptureHold(self, request: pb.CaptureHoldRequest, _context: Context) -> pb.CaptureHoldResponse:
        credits = request.credits if request.HasField("credits") else None
        hold = await self._holds.capture(request.hold_id, credits)
        return pb.CaptureHoldResponse(hold=hold_to_proto(hold))

    async def ReleaseHold(self, request: pb.ReleaseHoldRequest, _context: Context) -> pb.ReleaseHoldResponse:
        hold = await self._holds.release(request.hold_id)
        return pb.ReleaseHoldResponse(hold=hold_to_proto(hold))

    async def RechargeCredits(
        self, request: pb.RechargeCreditsRequest, _context: Context
    ) -> pb.RechargeCreditsResponse:
        recharge = recharge_from_proto(request, require_principal().user_id)
        entry, account = await self._recharges.recharge(recharge)
        return pb.RechargeCreditsResponse(entry=entry_to_proto(entry), user_account=account)

    async def ListEntries(self, request: pb.ListEntriesRequest, _context: Context) -> pb.ListEntriesResponse:
        entries, total = await self._reader.entries(
            require_principal().user_id,
            only=entry_type_from_proto(request),
            page_size=request.page_size if request.HasField("page_size") else DEFAULT_PAGE,
            skip=request.skip,
        )
        return pb.ListEntriesResponse(entries=map(entry_to_proto, entries), total_size=total)
