"""Messages about invite codes from domain objects and back."""

from __future__ import annotations

from datetime import datetime

from kit.rpc.times import timestamp_of
from services.billing.domain.errors import field_invalid
from services.billing.domain.invites import (
    GenerateInvites,
    InviteCode,
    InviteFilter,
    InviteStatus,
    InviteUse,
    UseInvite,
    invite_code_as_written,
)
from services.billing.rpc.mapping import entry_to_proto, optional_timestamp
from voxreel.billing.v1 import invite_service_pb2 as pb

_STATE_TO_PROTO = {
    InviteStatus.UNUSED: pb.INVITE_CODE_STATE_UNUSED,
    InviteStatus.USED: pb.INVITE_CODE_STATE_USED,
    InviteStatus.EXPIRED: pb.INVITE_CODE_STATE_EXPIRED,
}
_STATE_FROM_PROTO = {value: key for key, value in _STATE_TO_PROTO.items()}


def generation_from_proto(request: pb.GenerateInviteCodesRequest, operator_user_id: int) -> GenerateInvites:
    return GenerateInvites(
        request_id=request.request_id,
        operator_user_id=operator_user_id,
        quantity=request.quantity,
        expires_days=request.expires_days if request.HasField("expires_days") else None,
    )


def use_from_proto(request: pb.UseInviteCodeRequest, user_id: int) -> UseInvite:
    return UseInvite(request.request_id, user_id, invite_code_as_written(request.code))


def invite_to_proto(invite: InviteCode, now: datetime) -> pb.InviteCode:
    return pb.InviteCode(
        id=invite.id,
        code=invite.code,
        state=_STATE_TO_PROTO[invite.status(now)],
        credits=invite.credits,
        operator_user_id=invite.operator_user_id,
        create_time=timestamp_of(invite.create_time),
        expire_time=optional_timestamp(invite.expire_time),
        used_by_user_id=invite.used_by_user_id,
        use_time=optional_timestamp(invite.use_time),
    )


def use_to_proto(use: InviteUse, now: datetime) -> pb.UseInviteCodeResponse:
    return pb.UseInviteCodeResponse(
        invite_code=invite_to_proto(use.invite, now),
        entry=entry_to_proto(use.entry),
        credits_expire_time=optional_timestamp(use.invite.credits_expire_time),
    )


def filter_from_proto(given: pb.InviteCodeFilter) -> InviteFilter:
    """Raises Invalid for a state this service does not know."""
    status = None
    if given.HasField("state"):
        status = _STATE_FROM_PROTO.get(given.state)
        if status is None:
            raise field_invalid("state", "邀请码状态无效")
    return InviteFilter(
        status=status,
        operator_user_id=given.operator_user_id if given.HasField("operator_user_id") else None,
        used_by_user_id=given.used_by_user_id if given.HasField("used_by_user_id") else None,
        keyword=given.keyword if given.HasField("keyword") else None,
    )
