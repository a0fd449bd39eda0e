"""Invite codes as the edge sees them."""

from __future__ import annotations

from kit.clock import Clock
from kit.errors import DomainError, Invalid, NotFound, Precondition
from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.rpc.times import timestamp_of
from tests.fakes.refusals import Refusals
from tests.fakes.servicers_billing import FakeLedger
from voxreel.billing.v1 import invite_service_pb2 as invites
from voxreel.billing.v1 import invite_service_pb2_grpc
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.common.v1 import error_reason_pb2 as reasons

CREDITS = 1000
_DAYS = 365
_REFUSED: dict[invites.InviteCodeState.ValueType, DomainError] = {
    invites.INVITE_CODE_STATE_USED: Precondition(reasons.ERROR_REASON_INVITE_CODE_USED, "邀请码已被使用"),
    invites.INVITE_CODE_STATE_EXPIRED: Precondition(reasons.ERROR_REASON_INVITE_CODE_EXPIRED, "邀请码已过期"),
}


class FakeInvites(invite_service_pb2_grpc.InviteServiceServicer):
    """Keeps invite codes in memory. Codes are made of their number."""

    def __init__(self, clock: Clock, book: FakeLedger) -> None:
        self._clock = clock
        self._book = book
        self.refusals = Refusals()
        self.codes: list[invites.InviteCode] = []
        self._made: dict[tuple[int, str], invites.InviteCode] = {}
        self._used: dict[tuple[int, str], tuple[str, invites.UseInviteCodeResponse]] = {}

    async def GenerateInviteCodes(
        self, request: invites.GenerateInviteCodesRequest, context: Context
    ) -> invites.GenerateInviteCodesResponse:
        self.refusals.enter("GenerateInviteCodes")
        assert request.quantity == 1, "the edge makes them one by one"
        key = (require_principal().user_id, request.request_id)
        if key not in self._made:
            self._made[key] = self._add(key[0])
        return invites.GenerateInviteCodesResponse(invite_codes=[self._made[key]])

    def _add(self, operator_user_id: int) -> invites.InviteCode:
        number = len(self.codes) + 1
        made = invites.InviteCode(
            id=number,
            code=code_of(number),
            state=invites.INVITE_CODE_STATE_UNUSED,
            credits=CREDITS,
            operator_user_id=operator_user_id,
            create_time=timestamp_of(self._clock.now()),
        )
        self.codes.append(made)
        return made

    async def ListInviteCodes(
        self, request: invites.ListInviteCodesRequest, context: Context
    ) -> invites.ListInviteCodesResponse:
        self.refusals.enter("ListInviteCodes")
        wanted = request.filter
        found = [
            code
            for code in reversed(self.codes)
            if not wanted.HasField("operator_user_id") or code.operator_user_id == wanted.operator_user_id
        ]
        page = found[request.skip : request.skip + request.page_size]
        return invites.ListInviteCodesResponse(invite_codes=page, total_size=len(found))

    async def UseInviteCode(
        self, request: invites.UseInviteCodeRequest, context: Context
    ) -> invites.UseInviteCodeResponse:
        self.refusals.enter("UseInviteCode")
        user_id = require_principal().user_id
        key = (user_id, request.request_id)
        if key in self._used:
            former, response = self._used[key]
            if former != request.code:
                raise Invalid(reasons.ERROR_REASON_IDEMPOTENCY_KEY_REUSED, "请求标识已被使用")
            return response
        code = next((code for code in self.codes if code.code == request.code), None)
        if code is None:
            raise NotFound(reasons.ERROR_REASON_INVITE_CODE_NOT_FOUND, "邀请码不存在")
        if code.state in _REFUSED:
            raise _REFUSED[code.state]
        response = self._use(code, user_id)
        self._used[key] = (request.code, response)
        return response

    def _use(self, code: invites.InviteCode, user_id: int) -> invites.UseInviteCodeResponse:
        code.state, code.used_by_user_id = invites.INVITE_CODE_STATE_USED, user_id
        code.use_time.CopyFrom(timestamp_of(self._clock.now()))
        entry = self._book.post(
            user_id, ledger.ENTRY_TYPE_INVITE_CODE, code.credits, description=f"使用邀请码: {code.code}"
        )
        return invites.UseInviteCodeResponse(
            invite_code=code, entry=entry, credits_expire_time=self._book.extend(user_id, _DAYS)
        )


def code_of(number: int) -> str:
    """The code of the fake's invite code of that number, as long as there are fewer than ten thousand."""
    return f"ABCD-{number:04}".replace("0", "Z").replace("1", "Y")
