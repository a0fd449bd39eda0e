"""ActivityService."""

from __future__ import annotations

from collections.abc import Sequence

from kit.rpc.context import require_principal
from kit.rpc.server import Context
from services.auth.domain.activities import ActivityType
from services.auth.domain.paging import DEFAULT_PAGE, Page
from services.auth.rpc.activity_mapping import activity_to_proto, filter_from_proto, stats_to_proto, type_to_proto
from services.auth.rpc.mapping import claims_of, time_from_proto
from services.auth.usecases.activities import ActivityReader
from voxreel.auth.v1 import activity_service_pb2 as pb
from voxreel.auth.v1 import activity_service_pb2_grpc

# Of a type that is not used any more.
_UNKNOWN_ICON = "InfoFilled"


class ActivityServicer(activity_service_pb2_grpc.ActivityServiceServicer):
    """What users did."""

    def __init__(self, activities: ActivityReader, types: Sequence[ActivityType]) -> None:
        self._activities = activities
        self._types = pb.ListActivityTypesResponse(types=map(type_to_proto, types))
        self._icons = {kind.value: kind.icon for kind in types}

    async def ListActivities(self, request: pb.ListActivitiesRequest, _context: Context) -> pb.ListActivitiesResponse:
        activities, total = await self._activities.page(
            claims_of(require_principal()),
            filter_from_proto(request),
            Page(request.page_size if request.HasField("page_size") else DEFAULT_PAGE, request.skip),
        )
        shown = [activity_to_proto(each, self._icons.get(each.type, _UNKNOWN_ICON)) for each in activities]
        return pb.ListActivitiesResponse(activities=shown, total_size=total)

    async def ListActivityTypes(
        self, _request: pb.ListActivityTypesRequest, _context: Context
    ) -> pb.ListActivityTypesResponse:
        return self._types

    async def GetActivityStats(
        self, request: pb.GetActivityStatsRequest, _context: Context
    ) -> pb.GetActivityStatsResponse:
        day_starts = [time_from_proto(start) for start in request.day_starts]
        stats = await self._activities.stats(claims_of(require_principal()), day_starts)
        return stats_to_proto(stats, self._icons)
