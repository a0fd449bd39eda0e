"""What users did."""

from __future__ import annotations

from datetime import timedelta

from edge.endpoint import Call, NoInput
from edge.platform_api import render_activities as render
from edge.platform_api.models.activities import (
    ActivityStatsIn,
    ActivityStatsOut,
    ActivityTypesOut,
    RecentIn,
    RecentOut,
)
from kit.rpc.times import timestamp_of
from voxreel.auth.v1 import activity_service_pb2 as pb

_DAY = timedelta(days=1)


async def recent(given: RecentIn, call: Call) -> RecentOut:
    """The caller's own activities, everybody's for an administrator."""
    now = call.shared.clock.now()
    response = await call.shared.clients.activities.ListActivities(
        pb.ListActivitiesRequest(
            since=timestamp_of(now - given.days * _DAY),
            type=given.activity_type,
            status=None if given.status is None else render.STATUSES[given.status],
            page_size=given.limit,
            skip=given.offset,
        )
    )
    return {
        "activities": [render.activity(each, call.shared.times, now) for each in response.activities],
        "total": response.total_size,
        "has_more": given.offset + len(response.activities) < response.total_size,
    }


async def types(_given: NoInput, call: Call) -> ActivityTypesOut:
    """What an activity may be."""
    response = await call.shared.clients.activities.ListActivityTypes(pb.ListActivityTypesRequest())
    return {"activity_types": [{"value": one.value, "label": one.label, "icon": one.icon} for one in response.types]}


async def stats(given: ActivityStatsIn, call: Call) -> ActivityStatsOut:
    """Everybody's, over whole days of the display zone of which the last is today."""
    times = call.shared.times
    today = times.day_of(call.shared.clock.now())
    days = [today - back * _DAY for back in reversed(range(given.days))]
    response = await call.shared.clients.activities.GetActivityStats(
        pb.GetActivityStatsRequest(day_starts=[times.start_of(day) for day in days])
    )
    found = {each.status: each.activities for each in response.by_status}
    return {
        "total_activities": response.total,
        "type_stats": dict(response.by_type),
        "status_stats": {name: found.get(status, 0) for name, status in render.STATUSES.items()},
        "daily_stats": {day.isoformat(): number for day, number in zip(days, response.by_day, strict=True)},
        "period_days": given.days,
    }
