"""CardService."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.rpc.sets import CallInSet, Outcome, SetMethod, alone, answers
from services.billing.domain.cards import CardStatus, Redemption
from services.billing.domain.errors import field_invalid
from services.billing.rpc.card_mapping import (
    batch_to_proto,
    card_to_proto,
    filter_from_proto,
    generation_from_proto,
    redemption_from_proto,
)
from services.billing.rpc.mapping import entry_to_proto
from services.billing.usecases.cards import CardDesk
from services.billing.usecases.ledger_work import Submission
from services.billing.usecases.ledger_writer import LedgerWriter
from services.billing.usecases.reads import DEFAULT_PAGE
from voxreel.billing.v1 import card_service_pb2 as pb
from voxreel.billing.v1 import card_service_pb2_grpc


class CardServicer(card_service_pb2_grpc.CardServiceServicer):
    """Cards: made and withdrawn by administrators, redeemed by users."""

    def __init__(self, desk: CardDesk, writer: LedgerWriter) -> None:
        self._desk = desk
        self._writer = writer

    def sets(self) -> Mapping[str, SetMethod]:
        """The methods that answer many calls at once, by the name of the method for one."""
        return {"RedeemCard": self.redeem_cards}

    async def GenerateCards(self, request: pb.GenerateCardsRequest, _context: Context) -> pb.GenerateCardsResponse:
        batch, codes = await self._desk.generate(generation_from_proto(request, require_principal().user_id))
        return pb.GenerateCardsResponse(batch=batch_to_proto(batch), codes=codes)

    async def ListCards(self, request: pb.ListCardsRequest, _context: Context) -> pb.ListCardsResponse:
        cards, total = await self._desk.page(
            filter_from_proto(request.filter),
            page_size=request.page_size if request.HasField("page_size") else DEFAULT_PAGE,
            skip=request.skip,
        )
        now = self._desk.status_time()
        return pb.ListCardsResponse(cards=[card_to_proto(card, now) for card in cards], total_size=total)

    async def ExportCards(
        self, request: pb.ExportCardsRequest, _context: Context
    ) -> AsyncIterator[pb.ExportCardsResponse]:
        async for cards in self._desk.export(filter_from_proto(request.filter)):
            now = self._desk.status_time()
            yield pb.ExportCardsResponse(cards=[card_to_proto(card, now) for card in cards])

    async def GetCardStats(self, _request: pb.GetCardStatsRequest, _context: Context) -> pb.GetCardStatsResponse:
        stats = await self._desk.stats()
        return pb.GetCardStatsResponse(
            active_cards=stats.counts[CardStatus.ACTIVE],
            used_cards=stats.counts[CardStatus.USED],
            expired_cards=stats.counts[CardStatus.EXPIRED],
            disabled_cards=stats.counts[CardStatus.DISABLED],
            active_credits=stats.active_credits,
            active_price_fen=stats.active_price_fen,
        )

    async def DisableCards(self, request: pb.DisableCardsRequest, _context: Context) -> pb.DisableCardsResponse:
        operator = require_principal().user_id
        match request.WhichOneof("target"):
            case "card_id":
                number = await self._desk.disable_card(request.card_id, operator)
            case "batch_number":
                number = await self._desk.disable_batch(request.batch_number, operator)
            case _:
                raise field_invalid("target", "须指定卡密或批次号")
        return pb.DisableCardsResponse(disabled_cards=number)

    async def DeleteCard(self, request: pb.DeleteCardRequest, _context: Context) -> pb.DeleteCardResponse:
        await self._desk.delete(request.card_id, require_principal().user_id)
        return pb.DeleteCardResponse()

    async def RedeemCard(self, request: pb.RedeemCardRequest, _context: Context) -> pb.RedeemCardResponse:
        return await alone(self.redeem_cards, request)

    async def redeem_cards(
        self, calls: Sequence[CallInSet[pb.RedeemCardRequest]]
    ) -> list[Outcome[pb.RedeemCardResponse]]:
        asked = [
            Submission(redemption_from_proto(call.request, call.principal.user_id), call.context) for call in calls
        ]
        now = self._desk.status_time()
        return answers(
            await self._writer.perform_as(Redemption, asked),
            lambda done: pb.RedeemCardResponse(card=card_to_proto(done.card, now), entry=entry_to_proto(done.entry)),
        )
