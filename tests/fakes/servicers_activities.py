"""Activities as an edge sees them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

from kit.rpc.context import require_principal
from kit.rpc.server import Context
from tests.fakes.refusals import Refusals
from voxreel.auth.v1 import activity_service_pb2 as pb
from voxreel.auth.v1 import activity_service_pb2_grpc

_KINDS = (("user_login_success", "登录成功", "User"), ("tts_generate", "语音合成", "Microphone"))


class FakeActivities(activity_service_pb2_grpc.ActivityServiceServicer):
    """Answers the activities that it was given, oldest first."""

    def __init__(self) -> None:
        self.refusals = Refusals()
        self.activities: list[pb.Activity] = []

    async def ListActivities(self, request: pb.ListActivitiesRequest, context: Context) -> pb.ListActivitiesResponse:
        self.refusals.enter("ListActivities")
        caller = require_principal()
        found = [
            one
            for one in reversed(self.activities)
            if one.create_time.ToDatetime(UTC) >= request.since.ToDatetime(UTC)
            and (caller.is_admin or one.user_id == caller.user_id)
            and (not request.HasField("type") or one.type == request.type)
            and (not request.HasField("status") or one.status == request.status)
        ]
        page = found[request.skip :][: request.page_size]
        return pb.ListActivitiesResponse(activities=page, total_size=len(found))

    async def ListActivityTypes(
        self, request: pb.ListActivityTypesRequest, context: Context
    ) -> pb.ListActivityTypesResponse:
        self.refusals.enter("ListActivityTypes")
        return pb.ListActivityTypesResponse(
            types=[pb.ActivityType(value=value, label=label, icon=icon) for value, label, icon in _KINDS]
        )

    async def GetActivityStats(
        self, request: pb.GetActivityStatsRequest, context: Context
    ) -> pb.GetActivityStatsResponse:
        self.refusals.enter("GetActivityStats")
        starts = [start.ToDatetime(UTC) for start in request.day_starts]
        counted = [one for one in self.activities if one.create_time.ToDatetime(UTC) >= starts[0]]
        times = [one.create_time.ToDatetime(UTC) for one in counted]
        end_of_time = datetime.max.replace(tzinfo=UTC)
        by_status = Counter(one.status for one in counted)
        return pb.GetActivityStatsResponse(
            total=len(counted),
            by_type={value: 0 for value, _, _ in _KINDS} | Counter(one.type for one in counted),
            by_status=[pb.StatusCount(status=status, activities=number) for status, number in by_status.items()],
            by_day=[sum(start <= time < end for time in times) for start, end in pairwise([*starts, end_of_time])],
        )
