"""From activities to the platform dialect."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from edge.display import DisplayTimes
from edge.platform_api.models.activities import ActivityOut
from kit.rpc.structs import plain
from voxreel.auth.v1 import activity_service_pb2 as pb

STATUSES: Mapping[str, pb.ActivityStatus.ValueType] = MappingProxyType(
    {
        "success": pb.ACTIVITY_STATUS_SUCCESS,
        "failed": pb.ACTIVITY_STATUS_FAILED,
        "warning": pb.ACTIVITY_STATUS_WARNING,
        "info": pb.ACTIVITY_STATUS_INFO,
    }
)
_NAMES: Mapping[int, str] = MappingProxyType({status: name for name, status in STATUSES.items()})
# As Element Plus names the types of its tags.
_COLORS: Mapping[str, str] = MappingProxyType(
    {"success": "success", "failed": "danger", "warning": "warning", "info": "info"}
)
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400


def activity(found: pb.Activity, times: DisplayTimes, now: datetime) -> ActivityOut:
    """One activity, with how long ago it was."""
    status = _NAMES.get(found.status, "info")
    stamp = times.stamp(found.create_time)
    return {
        "id": f"{stamp}_{found.id}",
        "timestamp": stamp,
        "user_id": found.user_id if found.HasField("user_id") else None,
        "user_account": found.account,
        "activity_type": found.type,
        "description": found.description,
        "status": status,
        "icon": found.icon,
        "status_color": _COLORS[status],
        "formatted_time": ago((now - found.create_time.ToDatetime(UTC)).total_seconds()),
        "extra_data": plain(found.details),
    }


def ago(seconds: float) -> str:
    """How long ago something was, in Chinese. What is still to come by another clock is just now."""
    for unit_s, unit in ((_DAY_S, "天"), (_HOUR_S, "小时"), (_MINUTE_S, "分钟")):
        if seconds >= unit_s:
            return f"{int(seconds // unit_s)}{unit}前"
    return "刚刚"
