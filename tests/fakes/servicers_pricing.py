"""Prices, packages and statistics as an edge sees them."""

from __future__ import annotations

from datetime import timedelta

from kit.clock import Clock
from kit.errors import AlreadyExists, NotFound
from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.rpc.times import timestamp_of
from tests.fakes.refusals import Refusals
from voxreel.billing.v1 import package_service_pb2 as packages
from voxreel.billing.v1 import package_service_pb2_grpc, pricing_service_pb2_grpc, statistics_service_pb2_grpc
from voxreel.billing.v1 import pricing_service_pb2 as pricing
from voxreel.billing.v1 import statistics_service_pb2 as statistics
from voxreel.common.v1 import error_reason_pb2 as reasons

_PRICES = (
    ("tts", "语音合成", 10),
    ("voice_clone", "音色克隆", 50),
    ("video_generate", "视频生成", 100),
    ("chroma_key", "绿幕背景替换", 80),
    ("asr_recognize", "语音识别", 20),
    ("llm_rewrite", "文本仿写", 15),
)


class FakePricing(pricing_service_pb2_grpc.PricingServiceServicer):
    """Keeps the prices of the contract, which may be changed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.refusals = Refusals()
        self.prices = {
            key: pricing.FeaturePrice(
                key=key, display_name=name, credits=credits, update_time=timestamp_of(clock.now())
            )
            for key, name, credits in _PRICES
        }

    async def ListFeaturePrices(
        self, request: pricing.ListFeaturePricesRequest, context: Context
    ) -> pricing.ListFeaturePricesResponse:
        self.refusals.enter("ListFeaturePrices")
        return pricing.ListFeaturePricesResponse(prices=self.prices.values())

    async def UpdateFeaturePrice(
        self, request: pricing.UpdateFeaturePriceRequest, context: Context
    ) -> pricing.UpdateFeaturePriceResponse:
        if request.key not in self.prices:
            raise NotFound(reasons.ERROR_REASON_FEATURE_NOT_FOUND, "功能不存在")
        price = self.prices[request.key]
        former, price.credits = price.credits, request.credits
        price.update_time.CopyFrom(timestamp_of(self._clock.now()))
        return pricing.UpdateFeaturePriceResponse(price=price, former_credits=former)


class FakePackages(package_service_pb2_grpc.PackageServiceServicer):
    """Keeps packages with the terms they were given; figures that follow from terms are those of its tests."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.packages: dict[str, packages.CreditPackage] = {}
        self.requests: dict[str, str] = {}

    def add(self, package: packages.CreditPackage) -> None:
        package.create_time.CopyFrom(timestamp_of(self._clock.now()))
        package.update_time.CopyFrom(timestamp_of(self._clock.now()))
        self.packages[package.key] = package

    async def ListPackages(
        self, request: packages.ListPackagesRequest, context: Context
    ) -> packages.ListPackagesResponse:
        return packages.ListPackagesResponse(packages=self.packages.values())

    async def CreatePackage(
        self, request: packages.CreatePackageRequest, context: Context
    ) -> packages.CreatePackageResponse:
        if self.requests.get(request.request_id) != request.key:
            if request.key in self.packages:
                raise AlreadyExists(reasons.ERROR_REASON_PACKAGE_KEY_TAKEN, "套餐键名已存在")
            self.requests[request.request_id] = request.key
            self.add(packages.CreditPackage(key=request.key, terms=request.terms))
        return packages.CreatePackageResponse(package=self.packages[request.key])

    async def UpdatePackage(
        self, request: packages.UpdatePackageRequest, context: Context
    ) -> packages.UpdatePackageResponse:
        package = self._known(request.key)
        if request.terms.HasField("features"):
            package.terms.ClearField("features")
        package.terms.MergeFrom(request.terms)
        package.update_time.CopyFrom(timestamp_of(self._clock.now()))
        return packages.UpdatePackageResponse(package=package)

    async def DeletePackage(
        self, request: packages.DeletePackageRequest, context: Context
    ) -> packages.DeletePackageResponse:
        package = self._known(request.key)
        del self.packages[request.key]
        return packages.DeletePackageResponse(package=package, delete_time=timestamp_of(self._clock.now()))

    def _known(self, key: str) -> packages.CreditPackage:
        if key not in self.packages:
            raise NotFound(reasons.ERROR_REASON_PACKAGE_NOT_FOUND, "积分套餐不存在")
        return self.packages[key]


class FakeStatistics(statistics_service_pb2_grpc.StatisticsServiceServicer):
    """Answers the consumption that it was given by place of the hour from the end, and totals by user."""

    def __init__(self) -> None:
        self.consumption: dict[int, list[statistics.FeatureConsumption]] = {}
        self.entry_totals: dict[int, list[statistics.EntryTotal]] = {}
        self.totals = statistics.GetCreditTotalsResponse()

    async def GetCreditTotals(
        self, request: statistics.GetCreditTotalsRequest, context: Context
    ) -> statistics.GetCreditTotalsResponse:
        return self.totals

    async def ListHourlyConsumption(
        self, request: statistics.ListHourlyConsumptionRequest, context: Context
    ) -> statistics.ListHourlyConsumptionResponse:
        first = request.start_time.ToDatetime()
        response = statistics.ListHourlyConsumptionResponse()
        for place in range(request.hours):
            hour = response.hours.add(features=self.consumption.get(request.hours - 1 - place, ()))
            hour.start_time.FromDatetime(first + timedelta(hours=place))
        return response

    async def GetEntryTotals(
        self, request: statistics.GetEntryTotalsRequest, context: Context
    ) -> statistics.GetEntryTotalsResponse:
        return statistics.GetEntryTotalsResponse(totals=self.entry_totals.get(require_principal().user_id, ()))
