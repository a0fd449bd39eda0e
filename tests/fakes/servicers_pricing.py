"""Prices as an edge sees them."""

from __future__ import annotations

from kit.rpc.server import Context
from tests.fakes.refusals import Refusals
from voxreel.billing.v1 import pricing_service_pb2 as pricing
from voxreel.billing.v1 import pricing_service_pb2_grpc


class FakePricing(pricing_service_pb2_grpc.PricingServiceServicer):
    """Knows the price of speech synthesis."""

    def __init__(self) -> None:
        self.refusals = Refusals()

    async def ListFeaturePrices(
        self, request: pricing.ListFeaturePricesRequest, context: Context
    ) -> pricing.ListFeaturePricesResponse:
        self.refusals.enter("ListFeaturePrices")
        tts = pricing.FeaturePrice(key="tts", display_name="语音合成", credits=10)
        return pricing.ListFeaturePricesResponse(prices=[tts])
