"""Messages from domain objects and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from kit.rpc.times import timestamp_of
from services.billing.domain.adjustments import Adjust, Adjusted, AdjustmentOperation
from services.billing.domain.commands import Capture
from services.billing.domain.entry_lists import EntryFilter
from services.billing.domain.errors import field_invalid
from services.billing.domain.holds import Hold, HoldState, Reservation
from services.billing.domain.ledger import Balance, Entry, EntryType, Recharge
from services.billing.domain.pricing import FeaturePrice
from services.billing.rpc.filter_times import create_time_of
from services.billing.usecases.adjustments import Changed
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.billing.v1 import pricing_service_pb2 as pricing

R = TypeVar("R")

DEFAULT_RECHARGE_DESCRIPTION = "管理员手动充值"

DEFAULT_ADJUSTMENT_DESCRIPTION = "管理员调整积分"

_OPERATION_FROM_PROTO: Mapping[ledger.AdjustmentOperation.ValueType, AdjustmentOperation] = {
    ledger.ADJUSTMENT_OPERATION_ADD: AdjustmentOperation.ADD,
    ledger.ADJUSTMENT_OPERATION_SUBTRACT: AdjustmentOperation.SUBTRACT,
    ledger.ADJUSTMENT_OPERATION_SET: AdjustmentOperation.SET,
}
_STATE_TO_PROTO = {
    HoldState.OPEN: ledger.HOLD_STATE_OPEN,
    HoldState.CAPTURED: ledger.HOLD_STATE_CAPTURED,
    HoldState.RELEASED: ledger.HOLD_STATE_RELEASED,
}
_TYPE_TO_PROTO = {
    EntryType.CARD_ACTIVATION: ledger.ENTRY_TYPE_CARD_ACTIVATION,
    EntryType.INVITE_CODE: ledger.ENTRY_TYPE_INVITE_CODE,
    EntryType.ADMIN_RECHARGE: ledger.ENTRY_TYPE_ADMIN_RECHARGE,
    EntryType.ADMIN_DEDUCT: ledger.ENTRY_TYPE_ADMIN_DEDUCT,
    EntryType.FEATURE_CONSUME: ledger.ENTRY_TYPE_FEATURE_CONSUME,
    EntryType.VOICE_SYNTHESIS: ledger.ENTRY_TYPE_VOICE_SYNTHESIS,
    EntryType.REFUND: ledger.ENTRY_TYPE_REFUND,
    EntryType.EXPIRE: ledger.ENTRY_TYPE_EXPIRE,
}
_TYPE_FROM_PROTO = {value: key for key, value in _TYPE_TO_PROTO.items()}


def reservation_from_proto(request: ledger.ReserveCreditsRequest) -> Reservation:
    return Reservation(
        request_id=request.request_id,
        user_id=request.user_id,
        feature_key=request.feature_key,
        credits=request.credits if request.HasField("credits") else None,
        description=request.description,
        expires_in=request.expires_in.ToTimedelta(),
    )


def hold_to_proto(hold: Hold) -> ledger.Hold:
    return ledger.Hold(
        id=hold.id,
        user_id=hold.user_id,
        feature_key=hold.feature_key,
        credits=hold.credits,
        captured_credits=hold.captured_credits,
        state=_STATE_TO_PROTO[hold.state],
        create_time=timestamp_of(hold.create_time),
        expire_time=timestamp_of(hold.expire_time),
        settle_time=optional_timestamp(hold.settle_time),
    )


def capture_from_proto(request: ledger.CaptureHoldRequest) -> Capture:
    return Capture(request.hold_id, request.credits if request.HasField("credits") else None)


def recharge_from_proto(request: ledger.RechargeCreditsRequest, operator_user_id: int) -> Recharge:
    return Recharge(
        request_id=request.request_id,
        operator_user_id=operator_user_id,
        user_id=request.user_id,
        credits=request.credits,
        description=request.description or DEFAULT_RECHARGE_DESCRIPTION,
        validity_days=request.validity_days if request.HasField("validity_days") else None,
    )


def adjustment_from_proto(request: ledger.AdjustCreditsRequest, operator_user_id: int) -> Adjust:
    """Raises Invalid for an operation this service does not know."""
    operation = _OPERATION_FROM_PROTO.get(request.operation)
    if operation is None:
        raise field_invalid("operation", "操作类型无效")
    return Adjust(
        request_id=request.request_id,
        operator_user_id=operator_user_id,
        user_id=request.user_id,
        operation=operation,
        credits=request.credits,
        description=request.reason or DEFAULT_ADJUSTMENT_DESCRIPTION,
    )


def recharged_to_proto(change: Changed[Entry]) -> ledger.RechargeCreditsResponse:
    return ledger.RechargeCreditsResponse(entry=entry_to_proto(change.result), user_account=change.account)


def adjusted_to_proto(change: Changed[Adjusted]) -> ledger.AdjustCreditsResponse:
    adjustment, entry = change.result.adjustment, change.result.entry
    return ledger.AdjustCreditsResponse(
        user_id=adjustment.user_id,
        balance_before=adjustment.balance_before,
        balance_after=adjustment.balance_after,
        user_account=change.account,
        entry=None if entry is None else entry_to_proto(entry),
    )


def balance_to_proto(balance: Balance) -> ledger.Balance:
    return ledger.Balance(
        user_id=balance.user_id,
        available_credits=balance.available,
        held_credits=balance.held,
        credits_expire_time=optional_timestamp(balance.expire_time),
    )


def optional_timestamp(time: datetime | None) -> Timestamp | None:
    return None if time is None else timestamp_of(time)


def entry_to_proto(entry: Entry) -> ledger.Entry:
    return ledger.Entry(
        id=entry.id,
        user_id=entry.user_id,
        type=_TYPE_TO_PROTO[entry.type],
        credits=entry.credits,
        balance_before=entry.balance_before,
        balance_after=entry.balance_after,
        feature_key=entry.feature_key,
        description=entry.description,
        operator_user_id=entry.operator_user_id,
        create_time=timestamp_of(entry.create_time),
        hold_id=entry.hold_id,
        card_code=entry.card_code,
    )


def entry_type_to_proto(entry_type: EntryType) -> ledger.EntryType.ValueType:
    return _TYPE_TO_PROTO[entry_type]


def entry_type_from_proto(given: ledger.ListEntriesRequest | ledger.EntryFilter) -> EntryType | None:
    """The type to list; None means all. Raises Invalid for a type this service does not know."""
    if not given.HasField("type"):
        return None
    known = _TYPE_FROM_PROTO.get(given.type)
    if known is None:
        raise field_invalid("type", "交易类型无效")
    return known


def entry_filter_from_proto(given: ledger.EntryFilter) -> EntryFilter:
    """Raises Invalid for a type this service does not know, and for times outside of the calendar."""
    return EntryFilter(
        user_id=given.user_id if given.HasField("user_id") else None,
        type=entry_type_from_proto(given),
        credits_min=given.credits_min if given.HasField("credits_min") else None,
        credits_max=given.credits_max if given.HasField("credits_max") else None,
        create_time_from=create_time_of(given, "create_time_from"),
        create_time_before=create_time_of(given, "create_time_before"),
        keyword=given.keyword if given.HasField("keyword") else None,
        keyword_user_ids=tuple(given.keyword_user_ids),
        owner_user_ids=tuple(given.owners.user_ids) if given.HasField("owners") else None,
    )


def price_to_proto(price: FeaturePrice) -> pricing.FeaturePrice:
    return pricing.FeaturePrice(
        key=price.key,
        display_name=price.display_name,
        credits=price.credits,
        update_time=timestamp_of(price.update_time),
    )
