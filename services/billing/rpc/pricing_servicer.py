"""PricingService."""

from __future__ import annotations

from kit.rpc.context import require_principal
from kit.rpc.server import Context
from services.billing.domain.pricing import ChangePrice
from services.billing.rpc.mapping import price_to_proto
from services.billing.usecases.prices import Prices
from voxreel.billing.v1 import pricing_service_pb2 as pb
from voxreel.billing.v1 import pricing_service_pb2_grpc


class PricingServicer(pricing_service_pb2_grpc.PricingServiceServicer):
    """What features cost."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices

    async def ListFeaturePrices(
        self, _request: pb.ListFeaturePricesRequest, _context: Context
    ) -> pb.ListFeaturePricesResponse:
        prices = await self._prices.list_all()
        return pb.ListFeaturePricesResponse(prices=map(price_to_proto, prices))

    async def UpdateFeaturePrice(
        self, request: pb.UpdateFeaturePriceRequest, _context: Context
    ) -> pb.UpdateFeaturePriceResponse:
        changed = await self._prices.change(ChangePrice(request.key, request.credits, require_principal().user_id))
        return pb.UpdateFeaturePriceResponse(price=price_to_proto(changed.price), former_credits=changed.former_credits)
