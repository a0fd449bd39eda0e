"""Cards as an edge sees them, beside a fake ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

from kit.clock import Clock
from kit.errors import DomainError, Invalid, NotFound, Precondition, Unimplemented
from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.rpc.times import timestamp_of
from tests.fakes.refusals import Refusals
from tests.fakes.servicers_billing import FakeLedger
from voxreel.billing.v1 import card_service_pb2 as cards
from voxreel.billing.v1 import card_service_pb2_grpc
from voxreel.billing.v1 import ledger_service_pb2 as ledger
from voxreel.common.v1 import error_reason_pb2 as reasons

_REFUSED: dict[cards.CardState.ValueType, DomainError] = {
    cards.CARD_STATE_USED: Precondition(reasons.ERROR_REASON_CARD_USED, "卡密已被使用"),
    cards.CARD_STATE_EXPIRED: Precondition(reasons.ERROR_REASON_CARD_EXPIRED, "卡密已过期"),
    cards.CARD_STATE_DISABLED: Precondition(reasons.ERROR_REASON_CARD_DISABLED, "卡密已被禁用"),
}


class FakeCards(card_service_pb2_grpc.CardServiceServicer):
    """Keeps cards of one package, `basic`, in memory. Codes are made of the card's number."""

    def __init__(self, clock: Clock, book: FakeLedger) -> None:
        self._clock = clock
        self._book = book
        self.refusals = Refusals()
        self.cards: dict[int, cards.Card] = {}
        self.listed: list[cards.ListCardsRequest] = []
        self.part_size = 500
        self.breaks_after_parts: int | None = None
        self._generated: dict[tuple[int, str], tuple[bytes, cards.GenerateCardsResponse]] = {}
        self._redeemed: dict[tuple[int, str], tuple[str, cards.RedeemCardResponse]] = {}

    async def GenerateCards(self, request: cards.GenerateCardsRequest, context: Context) -> cards.GenerateCardsResponse:
        self.refusals.enter("GenerateCards")
        operator = require_principal().user_id
        key, body = (operator, request.request_id), request.SerializeToString()
        if key in self._generated:
            former, response = self._generated[key]
            if former != body:
                raise Invalid(reasons.ERROR_REASON_IDEMPOTENCY_KEY_REUSED, "请求标识已被使用")
            return response
        if request.package_key != "basic":
            raise NotFound(reasons.ERROR_REASON_PACKAGE_NOT_FOUND, "积分套餐不存在")
        batch = self._batch(request, operator)
        made = [self._add(batch) for _ in range(request.quantity)]
        response = cards.GenerateCardsResponse(batch=batch, codes=[card.code for card in made])
        self._generated[key] = (body, response)
        return response

    def _batch(self, request: cards.GenerateCardsRequest, operator: int) -> cards.CardBatch:
        now = self._clock.now()
        days = timedelta(days=request.expires_days)
        return cards.CardBatch(
            number=request.batch_number or "BATCH_20240101120000_1234",
            package_key="basic",
            package_name="基础套餐",
            credits=1000,
            price_fen=1000,
            description=request.description,
            expire_time=timestamp_of(now + days) if request.HasField("expires_days") else None,
            operator_user_id=operator,
            create_time=timestamp_of(now),
            quantity=request.quantity,
        )

    def _add(self, batch: cards.CardBatch) -> cards.Card:
        card_id = len(self.cards) + 1
        card = cards.Card(id=card_id, code=code_of(card_id), state=cards.CARD_STATE_ACTIVE, batch=batch)
        self.cards[card_id] = card
        return card

    async def RedeemCard(self, request: cards.RedeemCardRequest, context: Context) -> cards.RedeemCardResponse:
        self.refusals.enter("RedeemCard")
        user_id = require_principal().user_id
        key = (user_id, request.request_id)
        if key in self._redeemed:
            former, response = self._redeemed[key]
            if former != request.code:
                raise Invalid(reasons.ERROR_REASON_IDEMPOTENCY_KEY_REUSED, "请求标识已被使用")
            return response
        card = next((card for card in self.cards.values() if card.code == request.code), None)
        if card is None:
            raise NotFound(reasons.ERROR_REASON_CARD_NOT_FOUND, "卡密不存在")
        if card.state in _REFUSED:
            raise _REFUSED[card.state]
        card.state, card.used_by_user_id = cards.CARD_STATE_USED, user_id
        card.use_time.CopyFrom(timestamp_of(self._clock.now()))
        entry = self._book.post(
            user_id,
            ledger.ENTRY_TYPE_CARD_ACTIVATION,
            card.batch.credits,
            description=f"激活卡密 {card.code}，获得 {card.batch.credits} 积分（{card.batch.package_name}）",
            card_code=card.code,
        )
        response = cards.RedeemCardResponse(card=card, entry=entry)
        self._redeemed[key] = (request.code, response)
        return response

    async def ListCards(self, request: cards.ListCardsRequest, context: Context) -> cards.ListCardsResponse:
        self.refusals.enter("ListCards")
        self.listed.append(request)
        found = self._matching(request.filter)
        page = found[request.skip : request.skip + request.page_size]
        return cards.ListCardsResponse(cards=page, total_size=len(found))

    async def ExportCards(
        self, request: cards.ExportCardsRequest, context: Context
    ) -> AsyncIterator[cards.ExportCardsResponse]:
        self.refusals.enter("ExportCards")
        found = self._matching(request.filter)
        for number, first in enumerate(range(0, len(found), self.part_size)):
            if number == self.breaks_after_parts:
                raise Unimplemented(reasons.ERROR_REASON_NOT_IMPLEMENTED, "到此为止")
            yield cards.ExportCardsResponse(cards=found[first : first + self.part_size])

    async def GetCardStats(self, request: cards.GetCardStatsRequest, context: Context) -> cards.GetCardStatsResponse:
        self.refusals.enter("GetCardStats")
        states = [card.state for card in self.cards.values()]
        active = [card for card in self.cards.values() if card.state == cards.CARD_STATE_ACTIVE]
        return cards.GetCardStatsResponse(
            active_cards=len(active),
            used_cards=states.count(cards.CARD_STATE_USED),
            expired_cards=states.count(cards.CARD_STATE_EXPIRED),
            disabled_cards=states.count(cards.CARD_STATE_DISABLED),
            active_credits=sum(card.batch.credits for card in active),
            active_price_fen=sum(card.batch.price_fen for card in active),
        )

    async def DisableCards(self, request: cards.DisableCardsRequest, context: Context) -> cards.DisableCardsResponse:
        raise Unimplemented(reasons.ERROR_REASON_NOT_IMPLEMENTED, "该功能尚未提供")

    async def DeleteCard(self, request: cards.DeleteCardRequest, context: Context) -> cards.DeleteCardResponse:
        self.refusals.enter("DeleteCard")
        card = self.cards.get(request.card_id)
        if card is None:
            raise NotFound(reasons.ERROR_REASON_CARD_NOT_FOUND, "卡密不存在")
        if card.state == cards.CARD_STATE_USED:
            raise _REFUSED[cards.CARD_STATE_USED]
        del self.cards[request.card_id]
        return cards.DeleteCardResponse()

    def _matching(self, wanted: cards.CardFilter) -> list[cards.Card]:
        """Newest first."""
        return [card for card in reversed(self.cards.values()) if _is_wanted(card, wanted)]


def code_of(card_id: int) -> str:
    """The code of the fake's card of that number, as long as there are fewer than a million."""
    return f"ABCDEFGHJK{card_id:06}".replace("0", "Z").replace("1", "Y")


def _is_wanted(card: cards.Card, wanted: cards.CardFilter) -> bool:
    batch = card.batch
    made = batch.create_time.ToDatetime()
    return (
        (not wanted.HasField("state") or card.state == wanted.state)
        and (not wanted.HasField("batch_number") or batch.number == wanted.batch_number)
        and (not wanted.HasField("package_key") or batch.package_key == wanted.package_key)
        and (not wanted.HasField("keyword") or wanted.keyword in card.code or wanted.keyword in batch.number)
        and (not wanted.HasField("operator_user_id") or batch.operator_user_id == wanted.operator_user_id)
        and (not wanted.HasField("used_by_user_id") or card.used_by_user_id == wanted.used_by_user_id)
        and (not wanted.HasField("create_time_from") or made >= wanted.create_time_from.ToDatetime())
        and (not wanted.HasField("create_time_before") or made < wanted.create_time_before.ToDatetime())
    )
