"""Activities through the whole edge."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from edge.platform_api.render_activities import ago
from kit.clock import SystemClock
from tests.edge.golden import same_shape
from tests.edge.platform import Platform
from voxreel.auth.v1 import activity_service_pb2 as pb
from voxreel.auth.v1 import user_pb2

RECENT = "/api/activities/recent"
TYPES = "/api/activities/types"
STATS = "/api/activities/stats"


def happened(
    platform: Platform, user: user_pb2.User, before: timedelta, *, kind: str = "tts_generate", **facts: Any
) -> None:
    """An activity of the user so long before now."""
    activity = pb.Activity(
        id=len(platform.activities.activities) + 1,
        user_id=user.id,
        account=user.account,
        type=kind,
        status=pb.ACTIVITY_STATUS_SUCCESS,
        description=f"用户 {user.account} 的语音合成任务已完成",
        icon="Microphone",
    )
    activity.create_time.FromDatetime(SystemClock().now() - before)
    activity.details.update({"task_id": "tts_123456", "voice": "zhichu", "text_length": 50} | facts)
    platform.activities.activities.append(activity)


async def read(platform: Platform, path: str, user: user_pb2.User | None = None, **query: str) -> dict[str, Any]:
    async with platform.client.get(path, params=query, headers=platform.bearer(user)) as response:
        assert response.status == 200
        reply: dict[str, Any] = await response.json()
        return reply


async def test_recent_activities_are_answered_as_documented(platform: Platform) -> None:
    happened(platform, platform.user, timedelta(hours=2, minutes=1), is_new=True)
    reply = await read(platform, RECENT, activity_type="tts_generate", status="success", days="7")
    same_shape(reply, "GET", RECENT)
    (activity,) = reply["activities"]
    assert activity["id"] == f"{activity['timestamp']}_1"
    assert (activity["formatted_time"], activity["icon"], activity["status_color"]) == (
        "2小时前",
        "Microphone",
        "success",
    )
    assert activity["extra_data"] == {"task_id": "tts_123456", "voice": "zhichu", "text_length": 50, "is_new": True}
    assert isinstance(activity["extra_data"]["text_length"], int)


async def test_a_user_sees_their_own_and_an_administrator_everybodys(platform: Platform) -> None:
    happened(platform, platform.admin, timedelta(days=2))
    happened(platform, platform.user, timedelta(minutes=5))
    happened(platform, platform.user, timedelta(seconds=5))
    mine = await read(platform, RECENT)
    assert ([one["formatted_time"] for one in mine["activities"]], mine["total"]) == (["刚刚", "5分钟前"], 2)
    everybodys = await read(platform, RECENT, platform.admin, limit="2")
    assert (everybodys["total"], everybodys["has_more"]) == (3, True)
    rest = await read(platform, RECENT, platform.admin, limit="2", offset="2")
    assert ([one["formatted_time"] for one in rest["activities"]], rest["has_more"]) == (["2天前"], False)
    assert (await read(platform, RECENT, platform.admin, days="1"))["total"] == 2


async def test_limits_of_the_contract(platform: Platform) -> None:
    for query in ({"limit": "101"}, {"limit": "0"}, {"days": "31"}, {"offset": "-1"}, {"status": "lost"}):
        async with platform.client.get(RECENT, params=query, headers=platform.bearer()) as response:
            assert response.status == 422, query


async def test_types_are_answered_as_documented(platform: Platform) -> None:
    same_shape(await read(platform, TYPES), "GET", TYPES)


async def test_numbers_are_answered_as_documented(platform: Platform) -> None:
    happened(platform, platform.user, timedelta(seconds=0))
    happened(platform, platform.admin, timedelta(seconds=0), kind="voice_clone")
    happened(platform, platform.user, timedelta(days=40))
    reply = await read(platform, STATS, platform.admin, days="3")
    same_shape(reply, "GET", STATS, keyed_by_data={"type_stats", "daily_stats"})
    assert reply["type_stats"] == {"user_login_success": 0, "tts_generate": 1, "voice_clone": 1}
    assert reply["status_stats"] == {"success": 2, "failed": 0, "warning": 0, "info": 0}
    days = list(reply["daily_stats"])
    assert (len(days), days) == (3, sorted(days))
    assert reply["daily_stats"][days[-1]] == reply["total_activities"] == 2
    assert reply["period_days"] == 3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "刚刚"),
        (59.9, "刚刚"),
        (60, "1分钟前"),
        (3599, "59分钟前"),
        (3600, "1小时前"),
        (86_399, "23小时前"),
        (86_400, "1天前"),
        (30 * 86_400, "30天前"),
    ],
)
def test_how_long_ago(seconds: float, text: str) -> None:
    assert ago(seconds) == text
