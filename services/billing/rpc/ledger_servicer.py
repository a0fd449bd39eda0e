"""LedgerService."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.rpc.sets import CallInSet, Outcome, SetMethod, alone, answers
from services.billing.domain.commands import Release
from services.billing.domain.errors import field_invalid
from services.billing.domain.holds import Hold
from services.billing.domain.limits import PAGE_LIMIT
from services.billing.rpc.mapping import (
    adjusted_to_proto,
    adjustment_from_proto,
    balance_to_proto,
    capture_from_proto,
    entry_filter_from_proto,
    entry_to_proto,
    entry_type_from_proto,
    hold_to_proto,
    optional_timestamp,
    recharge_from_proto,
    recharged_to_proto,
    reservation_from_proto,
)
from services.billing.usecases.adjustments import Adjustments
from services.billing.usecases.ledger_work import Submission
from services.billing.usecases.ledger_writer import LedgerWriter
from services.billing.usecases.reads import DEFAULT_PAGE, LedgerReader
from voxreel.billing.v1 import ledger_service_pb2 as pb
from voxreel.billing.v1 import ledger_service_pb2_grpc


class LedgerServicer(ledger_service_pb2_grpc.LedgerServiceServicer):
    """Balances, holds, recharges, adjustments and entries."""

    def __init__(self, reader: LedgerReader, writer: LedgerWriter, adjustments: Adjustments) -> None:
        self._reader = reader
        self._writer = writer
        self._adjustments = adjustments

    def sets(self) -> Mapping[str, SetMethod]:
        """The methods that answer many calls at once, by the name of the method for one."""
        return {
            "GetBalance": self.get_balances,
            "ReserveCredits": self.reserve_credits,
            "CaptureHold": self.capture_holds,
            "ReleaseHold": self.release_holds,
            "RechargeCredits": self.recharge_credits,
            "AdjustCredits": self.adjust_credits,
        }

    async def GetBalance(self, request: pb.GetBalanceRequest, _context: Context) -> pb.GetBalanceResponse:
        return await alone(self.get_balances, request)

    async def get_balances(
        self, calls: Sequence[CallInSet[pb.GetBalanceRequest]]
    ) -> list[Outcome[pb.GetBalanceResponse]]:
        balances = await self._reader.balances([call.principal.user_id for call in calls])
        return [
            pb.GetBalanceResponse(
                available_credits=balance.available,
                held_credits=balance.held,
                credits_expire_time=optional_timestamp(balance.expire_time),
            )
            for balance in balances
        ]

    async def BatchGetBalances(
        self, request: pb.BatchGetBalancesRequest, _context: Context
    ) -> pb.BatchGetBalancesResponse:
        if len(request.user_ids) > PAGE_LIMIT:
            raise field_invalid("user_ids", f"一次最多查询 {PAGE_LIMIT} 个用户")
        balances = await self._reader.balances(request.user_ids)
        return pb.BatchGetBalancesResponse(balances=map(balance_to_proto, balances))

    async def ReserveCredits(self, request: pb.ReserveCreditsRequest, _context: Context) -> pb.ReserveCreditsResponse:
        return await alone(self.reserve_credits, request)

    async def reserve_credits(
        self, calls: Sequence[CallInSet[pb.ReserveCreditsRequest]]
    ) -> list[Outcome[pb.ReserveCreditsResponse]]:
        asked = [Submission(reservation_from_proto(call.request), call.context) for call in calls]
        held = await self._writer.perform_as(Hold, asked)
        return answers(held, lambda hold: pb.ReserveCreditsResponse(hold=hold_to_proto(hold)))

    async def CaptureHold(self, request: pb.CaptureHoldRequest, _context: Context) -> pb.CaptureHoldResponse:
        return await alone(self.capture_holds, request)

    async def capture_holds(
        self, calls: Sequence[CallInSet[pb.CaptureHoldRequest]]
    ) -> list[Outcome[pb.CaptureHoldResponse]]:
        asked = [Submission(capture_from_proto(call.request), call.context) for call in calls]
        held = await self._writer.perform_as(Hold, asked)
        return answers(held, lambda hold: pb.CaptureHoldResponse(hold=hold_to_proto(hold)))

    async def ReleaseHold(self, request: pb.ReleaseHoldRequest, _context: Context) -> pb.ReleaseHoldResponse:
        return await alone(self.release_holds, request)

    async def release_holds(
        self, calls: Sequence[CallInSet[pb.ReleaseHoldRequest]]
    ) -> list[Outcome[pb.ReleaseHoldResponse]]:
        asked = [Submission(Release(call.request.hold_id), call.context) for call in calls]
        held = await self._writer.perform_as(Hold, asked)
        return answers(held, lambda hold: pb.ReleaseHoldResponse(hold=hold_to_proto(hold)))

    async def RechargeCredits(
        self, request: pb.RechargeCreditsRequest, _context: Context
    ) -> pb.RechargeCreditsResponse:
        return await alone(self.recharge_credits, request)

    async def recharge_credits(
        self, calls: Sequence[CallInSet[pb.RechargeCreditsRequest]]
    ) -> list[Outcome[pb.RechargeCreditsResponse]]:
        asked = [Submission(recharge_from_proto(call.request, call.principal.user_id), call.context) for call in calls]
        return answers(await self._adjustments.recharge(asked), recharged_to_proto)

    async def AdjustCredits(self, request: pb.AdjustCreditsRequest, _context: Context) -> pb.AdjustCreditsResponse:
        return await alone(self.adjust_credits, request)

    async def adjust_credits(
        self, calls: Sequence[CallInSet[pb.AdjustCreditsRequest]]
    ) -> list[Outcome[pb.AdjustCreditsResponse]]:
        asked = [
            Submission(adjustment_from_proto(call.request, call.principal.user_id), call.context) for call in calls
        ]
        return answers(await self._adjustments.adjust(asked), adjusted_to_proto)

    async def ListEntries(self, request: pb.ListEntriesRequest, _context: Context) -> pb.ListEntriesResponse:
        entries, total = await self._reader.entries(
            require_principal().user_id,
            only=entry_type_from_proto(request),
            page_size=request.page_size if request.HasField("page_size") else DEFAULT_PAGE,
            skip=request.skip,
        )
        return pb.ListEntriesResponse(entries=map(entry_to_proto, entries), total_size=total)

    async def SearchEntries(self, request: pb.SearchEntriesRequest, _context: Context) -> pb.SearchEntriesResponse:
        entries, total = await self._reader.search(
            entry_filter_from_proto(request.filter),
            page_size=request.page_size if request.HasField("page_size") else DEFAULT_PAGE,
            skip=request.skip,
        )
        return pb.SearchEntriesResponse(entries=map(entry_to_proto, entries), total_size=total)

    async def GetChainHead(self, _request: pb.GetChainHeadRequest, _context: Context) -> pb.GetChainHeadResponse:
        head = await self._reader.chain_head()
        return pb.GetChainHeadResponse(transaction_id=head.transaction_id, hash=head.hash)
