"""The ledger as an edge sees it: balances, recharges, adjustments and the entries of them."""

from __future__ import annotations

from datetime import timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from kit.clock import Clock
from kit.errors import Invalid, NotFound, Precondition, Unimplemented
from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.rpc.times import timestamp_of
from tests.fakes.refusals import Refusals
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.billing.v1 import ledger_service_pb2_grpc
from voxreel.common.v1 import error_reason_pb2 as reasons


class FakeLedger(ledger_service_pb2_grpc.LedgerServiceServicer):
    """Keeps balances in memory. Recharges and adjustments are idempotent per administrator and request id, as in the
    contract."""

    def __init__(self, clock: Clock, accounts: dict[int, str]) -> None:
        self._clock = clock
        self._accounts = accounts
        self.refusals = Refusals()
        self.balances: dict[int, int] = {}
        self.expire_times: dict[int, Timestamp] = {}
        self.entries: list[ledger.Entry] = []
        self._done: dict[tuple[int, str], tuple[bytes, ledger.RechargeCreditsResponse]] = {}
        self._adjusted: dict[tuple[int, str], tuple[bytes, ledger.AdjustCreditsResponse]] = {}

    async def GetBalance(self, request: ledger.GetBalanceRequest, context: Context) -> ledger.GetBalanceResponse:
        self.refusals.enter("GetBalance")
        user_id = require_principal().user_id
        return ledger.GetBalanceResponse(
            available_credits=self.balances.get(user_id, 0), credits_expire_time=self.expire_times.get(user_id)
        )

    async def BatchGetBalances(
        self, request: ledger.BatchGetBalancesRequest, context: Context
    ) -> ledger.BatchGetBalancesResponse:
        self.refusals.enter("BatchGetBalances")
        return ledger.BatchGetBalancesResponse(
            balances=[
                ledger.Balance(user_id=user_id, available_credits=self.balances.get(user_id, 0))
                for user_id in request.user_ids
            ]
        )

    async def AdjustCredits(
        self, request: ledger.AdjustCreditsRequest, context: Context
    ) -> ledger.AdjustCreditsResponse:
        self.refusals.enter("AdjustCredits")
        key, body = (require_principal().user_id, request.request_id), request.SerializeToString()
        if key in self._adjusted:
            former, response = self._adjusted[key]
            if former != body:
                raise Invalid(reasons.ERROR_REASON_IDEMPOTENCY_KEY_REUSED, "请求标识已被使用")
            return response
        if request.user_id not in self._accounts:
            raise NotFound(reasons.ERROR_REASON_USER_NOT_FOUND, f"用户不存在: {request.user_id}")
        response = self._adjust(request)
        self._adjusted[key] = (body, response)
        return response

    def _adjust(self, request: ledger.AdjustCreditsRequest) -> ledger.AdjustCreditsResponse:
        before = self.balances.get(request.user_id, 0)
        after = {
            ledger.ADJUSTMENT_OPERATION_ADD: before + request.credits,
            ledger.ADJUSTMENT_OPERATION_SUBTRACT: before - request.credits,
            ledger.ADJUSTMENT_OPERATION_SET: request.credits,
        }[request.operation]
        if after < 0:
            raise Precondition(
                reasons.ERROR_REASON_BALANCE_TOO_LOW,
                f"扣除的积分超过用户可用积分，当前可用 {before} 积分",
                metadata={"available": str(before)},
            )
        self.balances[request.user_id] = after
        return ledger.AdjustCreditsResponse(
            user_id=request.user_id,
            balance_before=before,
            balance_after=after,
            user_account=self._accounts[request.user_id],
        )

    async def RechargeCredits(
        self, request: ledger.RechargeCreditsRequest, context: Context
    ) -> ledger.RechargeCreditsResponse:
        self.refusals.enter("RechargeCredits")
        operator = require_principal()
        key, body = (operator.user_id, request.request_id), request.SerializeToString()
        if key in self._done:
            former, response = self._done[key]
            if former != body:
                raise Invalid(reasons.ERROR_REASON_IDEMPOTENCY_KEY_REUSED, "请求标识已被使用")
            return response
        if request.user_id not in self._accounts:
            raise NotFound(reasons.ERROR_REASON_USER_NOT_FOUND, f"用户不存在: {request.user_id}")
        response = self._recharge(request, operator.user_id)
        self._done[key] = (body, response)
        return response

    def _recharge(self, request: ledger.RechargeCreditsRequest, operator_id: int) -> ledger.RechargeCreditsResponse:
        entry = self.post(
            request.user_id,
            ledger.ENTRY_TYPE_ADMIN_RECHARGE,
            request.credits,
            description=request.description,
            operator_user_id=operator_id,
        )
        if request.HasField("validity_days"):
            self.extend(request.user_id, request.validity_days)
        return ledger.RechargeCreditsResponse(entry=entry, user_account=self._accounts[request.user_id])

    async def ReserveCredits(
        self, request: ledger.ReserveCreditsRequest, context: Context
    ) -> ledger.ReserveCreditsResponse:
        raise _not_for_the_edge()

    async def CaptureHold(self, request: ledger.CaptureHoldRequest, context: Context) -> ledger.CaptureHoldResponse:
        raise _not_for_the_edge()

    async def ReleaseHold(self, request: ledger.ReleaseHoldRequest, context: Context) -> ledger.ReleaseHoldResponse:
        raise _not_for_the_edge()

    def extend(self, user_id: int, days: int) -> Timestamp:
        """All credits of the user expire so many days from now."""
        self.expire_times[user_id] = timestamp_of(self._clock.now() + timedelta(days=days))
        return self.expire_times[user_id]

    def post(
        self,
        user_id: int,
        entry_type: ledger.EntryType.ValueType,
        credits: int,
        *,
        description: str = "",
        feature_key: str | None = None,
        operator_user_id: int | None = None,
        card_code: str | None = None,
    ) -> ledger.Entry:
        """Moves credits and writes an entry."""
        before = self.balances.get(user_id, 0)
        self.balances[user_id] = before + credits
        entry = ledger.Entry(
            id=len(self.entries) + 1,
            user_id=user_id,
            type=entry_type,
            credits=credits,
            balance_before=before,
            balance_after=before + credits,
            description=description,
            feature_key=feature_key,
            operator_user_id=operator_user_id,
            card_code=card_code,
        )
        entry.create_time.FromDatetime(self._clock.now())
        self.entries.append(entry)
        return entry

    async def ListEntries(self, request: ledger.ListEntriesRequest, context: Context) -> ledger.ListEntriesResponse:
        self.refusals.enter("ListEntries")
        wanted = ledger.EntryFilter(
            user_id=require_principal().user_id, type=request.type if request.HasField("type") else None
        )
        found = [entry for entry in reversed(self.entries) if _is_wanted(entry, wanted)]
        page = found[request.skip : request.skip + request.page_size]
        return ledger.ListEntriesResponse(entries=page, total_size=len(found))

    async def SearchEntries(
        self, request: ledger.SearchEntriesRequest, context: Context
    ) -> ledger.SearchEntriesResponse:
        self.refusals.enter("SearchEntries")
        found = [entry for entry in reversed(self.entries) if _is_wanted(entry, request.filter)]
        page = found[request.skip : request.skip + request.page_size]
        return ledger.SearchEntriesResponse(entries=page, total_size=len(found))

    async def GetChainHead(self, request: ledger.GetChainHeadRequest, context: Context) -> ledger.GetChainHeadResponse:
        raise _not_for_the_edge()


def _is_wanted(entry: ledger.Entry, wanted: ledger.EntryFilter) -> bool:
    written = entry.create_time.ToDatetime()
    has_keyword = wanted.keyword in entry.description or entry.user_id in wanted.keyword_user_ids
    return (
        (not wanted.HasField("user_id") or entry.user_id == wanted.user_id)
        and (not wanted.HasField("owners") or entry.user_id in wanted.owners.user_ids)
        and (not wanted.HasField("type") or entry.type == wanted.type)
        and (not wanted.HasField("credits_min") or entry.credits >= wanted.credits_min)
        and (not wanted.HasField("credits_max") or entry.credits <= wanted.credits_max)
        and (not wanted.HasField("create_time_from") or written >= wanted.create_time_from.ToDatetime())
        and (not wanted.HasField("create_time_before") or written < wanted.create_time_before.ToDatetime())
        and (not wanted.HasField("keyword") or has_keyword)
    )


def _not_for_the_edge() -> Unimplemented:
    return Unimplemented(reasons.ERROR_REASON_NOT_IMPLEMENTED, "该功能尚未提供")
