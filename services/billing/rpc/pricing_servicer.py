"""PricingService."""

from __future__ import annotations

from kit.rpc.server import Context
from services.billing.rpc.mapping import price_to_proto
from services.billing.usecases.reads import LedgerReader
from voxreel.billing.v1 import pricing_service_pb2 as pb
from voxreel.billing.v1 import pricing_service_pb2_grpc


class PricingServicer(pricing_service_pb2_grpc.PricingServiceServicer):
    """What features cost."""

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader

    async def ListFeaturePrices(
        self, _request: pb.ListFeaturePricesRequest, _context: Context
    ) -> pb.ListFeaturePricesResponse:
        prices = await self._reader.prices()
        return pb.ListFeaturePricesResponse(prices=map(price_to_proto, prices))
