"""Messages about cards from domain objects and back."""

from __future__ import annotations

from datetime import datetime

from kit.rpc.times import timestamp_of
from services.billing.domain.card_lists import CardFilter
from services.billing.domain.cards import Card, CardBatch, CardStatus, GenerateCards, RedeemCard
from services.billing.domain.codes import code_as_written
from services.billing.domain.errors import field_invalid
from services.billing.rpc.filter_times import create_time_of
from services.billing.rpc.mapping import optional_timestamp
from voxreel.billing.v1 import card_service_pb2 as pb

_STATE_TO_PROTO = {
    CardStatus.ACTIVE: pb.CARD_STATE_ACTIVE,
    CardStatus.USED: pb.CARD_STATE_USED,
    CardStatus.EXPIRED: pb.CARD_STATE_EXPIRED,
    CardStatus.DISABLED: pb.CARD_STATE_DISABLED,
}
_STATE_FROM_PROTO = {value: key for key, value in _STATE_TO_PROTO.items()}


def generation_from_proto(request: pb.GenerateCardsRequest, operator_user_id: int) -> GenerateCards:
    return GenerateCards(
        request_id=request.request_id,
        operator_user_id=operator_user_id,
        package_key=request.package_key,
        quantity=request.quantity,
        number=request.batch_number,
        description=request.description,
        expires_days=request.expires_days if request.HasField("expires_days") else None,
    )


def redemption_from_proto(request: pb.RedeemCardRequest, user_id: int) -> RedeemCard:
    return RedeemCard(request.request_id, user_id, code_as_written(request.code))


def batch_to_proto(batch: CardBatch) -> pb.CardBatch:
    return pb.CardBatch(
        number=batch.number,
        package_key=batch.package_key,
        package_name=batch.package_name,
        credits=batch.credits,
        price_fen=batch.price_fen,
        description=batch.description,
        expire_time=optional_timestamp(batch.expire_time),
        operator_user_id=batch.operator_user_id,
        create_time=timestamp_of(batch.create_time),
        quantity=batch.quantity,
    )


def card_to_proto(card: Card, now: datetime) -> pb.Card:
    return pb.Card(
        id=card.id,
        code=card.code,
        state=_STATE_TO_PROTO[card.status(now)],
        batch=batch_to_proto(card.batch),
        used_by_user_id=card.used_by_user_id,
        use_time=optional_timestamp(card.use_time),
    )


def filter_from_proto(given: pb.CardFilter) -> CardFilter:
    """Raises Invalid for a state this service does not know, and for times outside of the calendar."""
    status = None
    if given.HasField("state"):
        status = _STATE_FROM_PROTO.get(given.state)
        if status is None:
            raise field_invalid("state", "卡密状态无效")
    return CardFilter(
        status=status,
        batch_number=given.batch_number if given.HasField("batch_number") else None,
        package_key=given.package_key if given.HasField("package_key") else None,
        keyword=given.keyword if given.HasField("keyword") else None,
        operator_user_id=given.operator_user_id if given.HasField("operator_user_id") else None,
        used_by_user_id=given.used_by_user_id if given.HasField("used_by_user_id") else None,
        create_time_from=create_time_of(given, "create_time_from"),
        create_time_before=create_time_of(given, "create_time_before"),
    )
