"""Sums of credits as an edge sees them."""

from __future__ import annotations

from kit.errors import Unimplemented
from kit.rpc.server import Context
from voxreel.billing.v1 import statistics_service_pb2 as statistics
from voxreel.billing.v1 import statistics_service_pb2_grpc
from voxreel.common.v1 import error_reason_pb2 as reasons


class FakeStatistics(statistics_service_pb2_grpc.StatisticsServiceServicer):
    """Answers the totals that it was given."""

    def __init__(self) -> None:
        self.totals = statistics.GetCreditTotalsResponse()

    async def GetCreditTotals(
        self, request: statistics.GetCreditTotalsRequest, context: Context
    ) -> statistics.GetCreditTotalsResponse:
        return self.totals

    async def ListHourlyConsumption(
        self, request: statistics.ListHourlyConsumptionRequest, context: Context
    ) -> statistics.ListHourlyConsumptionResponse:
        raise Unimplemented(reasons.ERROR_REASON_NOT_IMPLEMENTED, "该功能尚未提供")

    async def GetEntryTotals(
        self, request: statistics.GetEntryTotalsRequest, context: Context
    ) -> statistics.GetEntryTotalsResponse:
        raise Unimplemented(reasons.ERROR_REASON_NOT_IMPLEMENTED, "该功能尚未提供")
