"""StatisticsService."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from kit.rpc.server import Context
from kit.rpc.sets import CallInSet, Outcome, SetMethod, alone
from kit.rpc.times import timestamp_of
from services.billing.domain.errors import field_invalid
from services.billing.domain.statistics import EntryTotal, HourOfConsumption, HourSpan
from services.billing.rpc.mapping import entry_type_to_proto
from services.billing.usecases.statistics import Statistics
from voxreel.billing.v1 import statistics_service_pb2 as pb
from voxreel.billing.v1 import statistics_service_pb2_grpc


class StatisticsServicer(statistics_service_pb2_grpc.StatisticsServiceServicer):
    """Sums over the journal."""

    def __init__(self, statistics: Statistics) -> None:
        self._statistics = statistics

    def sets(self) -> Mapping[str, SetMethod]:
        """The methods that answer many calls at once, by the name of the method for one."""
        return {"GetEntryTotals": self.get_entry_totals}

    async def GetCreditTotals(
        self, _request: pb.GetCreditTotalsRequest, _context: Context
    ) -> pb.GetCreditTotalsResponse:
        totals = await self._statistics.totals()
        return pb.GetCreditTotalsResponse(
            issued_credits=totals.issued,
            consumed_credits=totals.consumed,
            held_credits=totals.held,
            available_credits=totals.available,
            expired_credits=totals.expired,
        )

    async def ListHourlyConsumption(
        self, request: pb.ListHourlyConsumptionRequest, _context: Context
    ) -> pb.ListHourlyConsumptionResponse:
        span = HourSpan(_time_of(request.start_time), request.hours)
        hours = await self._statistics.consumption(span)
        return pb.ListHourlyConsumptionResponse(hours=map(_hour_to_proto, hours))

    async def GetEntryTotals(self, request: pb.GetEntryTotalsRequest, _context: Context) -> pb.GetEntryTotalsResponse:
        return await alone(self.get_entry_totals, request)

    async def get_entry_totals(
        self, calls: Sequence[CallInSet[pb.GetEntryTotalsRequest]]
    ) -> list[Outcome[pb.GetEntryTotalsResponse]]:
        found = await self._statistics.entries([call.principal.user_id for call in calls])
        return [pb.GetEntryTotalsResponse(totals=map(_total_to_proto, totals)) for totals in found]


def _total_to_proto(total: EntryTotal) -> pb.EntryTotal:
    return pb.EntryTotal(type=entry_type_to_proto(total.type), entries=total.tally.number, credits=total.tally.credits)


def _hour_to_proto(hour: HourOfConsumption) -> pb.HourOfConsumption:
    features = (
        pb.FeatureConsumption(feature_key=key, credits=tally.credits, transactions=tally.number)
        for key, tally in hour.features.items()
    )
    return pb.HourOfConsumption(start_time=timestamp_of(hour.start), features=features)


def _time_of(given: Timestamp) -> datetime:
    """Raises Invalid for a time outside of the calendar."""
    try:
        return given.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise field_invalid("start_time", "时间无效") from None
