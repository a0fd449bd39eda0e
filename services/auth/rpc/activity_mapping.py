"""Messages about activities from domain objects and back."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.struct_pb2 import Struct

from kit.rpc.times import timestamp_of
from services.auth.domain.activities import Activity, ActivityFilter, ActivityStats, ActivityStatus, ActivityType
from services.auth.domain.errors import field_invalid
from services.auth.rpc.mapping import time_from_proto
from voxreel.auth.v1 import activity_service_pb2 as pb

_STATUS_TO_PROTO = {
    ActivityStatus.SUCCESS: pb.ACTIVITY_STATUS_SUCCESS,
    ActivityStatus.FAILED: pb.ACTIVITY_STATUS_FAILED,
    ActivityStatus.WARNING: pb.ACTIVITY_STATUS_WARNING,
    ActivityStatus.INFO: pb.ACTIVITY_STATUS_INFO,
}
_STATUS_FROM_PROTO = {value: status for status, value in _STATUS_TO_PROTO.items()}


def type_to_proto(kind: ActivityType) -> pb.ActivityType:
    return pb.ActivityType(value=kind.value, label=kind.label, icon=kind.icon)


def activity_to_proto(activity: Activity, icon: str) -> pb.Activity:
    details = Struct()
    details.update(activity.details)
    return pb.Activity(
        id=activity.id,
        create_time=timestamp_of(activity.create_time),
        user_id=activity.user_id,
        account=activity.account,
        type=activity.type,
        status=_STATUS_TO_PROTO[activity.status],
        description=activity.description,
        details=details,
        icon=icon,
    )


def filter_from_proto(given: pb.ListActivitiesRequest) -> ActivityFilter:
    if not given.HasField("since"):
        raise field_invalid("since", "缺少起始时间")
    status = _STATUS_FROM_PROTO.get(given.status)
    if given.HasField("status") and status is None:
        raise field_invalid("status", "活动状态无效")
    return ActivityFilter(
        since=time_from_proto(given.since),
        type=given.type if given.HasField("type") else None,
        status=status,
    )


def stats_to_proto(stats: ActivityStats, types: Iterable[str]) -> pb.GetActivityStatsResponse:
    """The numbers, with a zero for each of the types that was not found."""
    by_status = [
        pb.StatusCount(status=_STATUS_TO_PROTO[status], activities=number) for status, number in stats.by_status.items()
    ]
    by_type = {**dict.fromkeys(types, 0), **stats.by_type}
    return pb.GetActivityStatsResponse(total=stats.total, by_type=by_type, by_status=by_status, by_day=stats.by_day)
