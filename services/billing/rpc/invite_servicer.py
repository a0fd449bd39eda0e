"""InviteService."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.rpc.sets import CallInSet, Outcome, SetMethod, alone, answers
from services.billing.domain.invites import InviteUse
from services.billing.rpc.invite_mapping import (
    filter_from_proto,
    generation_from_proto,
    invite_to_proto,
    use_from_proto,
    use_to_proto,
)
from services.billing.usecases.invites import InviteDesk
from services.billing.usecases.ledger_work import Submission
from services.billing.usecases.ledger_writer import LedgerWriter
from services.billing.usecases.reads import DEFAULT_PAGE
from voxreel.billing.v1 import invite_service_pb2 as pb
from voxreel.billing.v1 import invite_service_pb2_grpc


class InviteServicer(invite_service_pb2_grpc.InviteServiceServicer):
    """Invite codes: made by administrators, used by users."""

    def __init__(self, desk: InviteDesk, writer: LedgerWriter) -> None:
        self._desk = desk
        self._writer = writer

    def sets(self) -> Mapping[str, SetMethod]:
        """The methods that answer many calls at once, by the name of the method for one."""
        return {"UseInviteCode": self.use_invite_codes}

    async def GenerateInviteCodes(
        self, request: pb.GenerateInviteCodesRequest, _context: Context
    ) -> pb.GenerateInviteCodesResponse:
        invites = await self._desk.generate(generation_from_proto(request, require_principal().user_id))
        now = self._desk.status_time()
        return pb.GenerateInviteCodesResponse(invite_codes=[invite_to_proto(invite, now) for invite in invites])

    async def ListInviteCodes(
        self, request: pb.ListInviteCodesRequest, _context: Context
    ) -> pb.ListInviteCodesResponse:
        invites, total = await self._desk.page(
            filter_from_proto(request.filter),
            page_size=request.page_size if request.HasField("page_size") else DEFAULT_PAGE,
            skip=request.skip,
        )
        now = self._desk.status_time()
        return pb.ListInviteCodesResponse(
            invite_codes=[invite_to_proto(invite, now) for invite in invites], total_size=total
        )

    async def UseInviteCode(self, request: pb.UseInviteCodeRequest, _context: Context) -> pb.UseInviteCodeResponse:
        return await alone(self.use_invite_codes, request)

    async def use_invite_codes(
        self, calls: Sequence[CallInSet[pb.UseInviteCodeRequest]]
    ) -> list[Outcome[pb.UseInviteCodeResponse]]:
        asked = [Submission(use_from_proto(call.request, call.principal.user_id), call.context) for call in calls]
        now = self._desk.status_time()
        return answers(await self._writer.perform_as(InviteUse, asked), lambda use: use_to_proto(use, now))
