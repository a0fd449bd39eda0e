"""From messages of billing to the dubbing dialect."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from edge.display import DisplayTimes
from edge.dubbing_api import render
from edge.dubbing_api.models.admin_credits import CreditTransactionOut, InviteOut, RechargeOut, TransactionOut
from edge.dubbing_api.models.credits import MyTransactionOut
from edge.entry_types import NAMES
from voxreel.auth.v1 import user_pb2
from voxreel.billing.v1 import invite_service_pb2 as invites
from voxreel.billing.v1 import ledger_service_pb2 as ledger

_STATUSES: Mapping[invites.InviteCodeState.ValueType, Literal["unused", "used", "expired"]] = MappingProxyType(
    {
        invites.INVITE_CODE_STATE_UNUSED: "unused",
        invites.INVITE_CODE_STATE_USED: "used",
        invites.INVITE_CODE_STATE_EXPIRED: "expired",
    }
)
# What administrators read instead of a user's own description.
_TITLES: Mapping[ledger.EntryType.ValueType, str] = MappingProxyType(
    {
        ledger.ENTRY_TYPE_CARD_ACTIVATION: "卡密激活",
        ledger.ENTRY_TYPE_INVITE_CODE: "邀请注册",
        ledger.ENTRY_TYPE_ADMIN_RECHARGE: "后台充值",
        ledger.ENTRY_TYPE_ADMIN_DEDUCT: "后台扣减",
        ledger.ENTRY_TYPE_FEATURE_CONSUME: "功能消费",
        ledger.ENTRY_TYPE_VOICE_SYNTHESIS: "语音生成",
        ledger.ENTRY_TYPE_REFUND: "退款",
        ledger.ENTRY_TYPE_EXPIRE: "积分过期",
    }
)


def my_transaction(entry: ledger.Entry, times: DisplayTimes) -> MyTransactionOut:
    """One of the caller's own entries."""
    return {
        "amount": entry.credits,
        "balance_after": entry.balance_after,
        "transaction_type": NAMES[entry.type],
        "description": entry.description,
        "created_at": times.stamp(entry.create_time),
    }


def invite(found: invites.InviteCode, times: DisplayTimes) -> InviteOut:
    """An invite code as its maker sees it."""
    return {
        "code": found.code,
        "status": _STATUSES[found.state],
        "credits_amount": found.credits,
        "created_at": times.spaced(found.create_time),
        "used_at": times.spaced(found.use_time) if found.HasField("use_time") else None,
        "used_by_id": found.used_by_user_id if found.HasField("used_by_user_id") else None,
    }


def transaction(entry: ledger.Entry, users: Mapping[int, user_pb2.User], times: DisplayTimes) -> TransactionOut:
    """Anybody's entry in the list of the whole site."""
    return {
        "created_at": times.spaced(entry.create_time),
        "uid": entry.user_id,
        "user_id": entry.user_id,
        "username": _name(entry.user_id, users),
        "description": _TITLES[entry.type],
        "credits_change": f"{entry.credits:+d} pts",
        "status": "完成",
    }


def recharge(entry: ledger.Entry, times: DisplayTimes) -> RechargeOut:
    """The entry of a recharge, for the administrator who made it."""
    return {
        "id": entry.id,
        "user_id": entry.user_id,
        "amount": entry.credits,
        "transaction_type": NAMES[entry.type],
        "description": entry.description,
        "created_at": times.spaced(entry.create_time),
    }


def credit_transaction(
    entry: ledger.Entry, users: Mapping[int, user_pb2.User], times: DisplayTimes
) -> CreditTransactionOut:
    """Anybody's entry in the list of credits."""
    return {**recharge(entry, times), "username": _name(entry.user_id, users)}


def _name(user_id: int, users: Mapping[int, user_pb2.User]) -> str | None:
    """Null for users who were deleted. Who came by phone and has no name has the number."""
    user = users.get(user_id)
    return None if user is None else render.username(user) or user.account
