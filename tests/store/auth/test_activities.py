"""Activities from events, on both engines."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from google.protobuf.message import DecodeError, Message

from kit.errors import Forbidden, Invalid
from kit.events.envelope import EventSource
from kit.ids import RandomIds
from services.auth.domain.activities import Activity, ActivityFilter, ActivityStatus
from services.auth.domain.paging import Page
from services.auth.domain.users import AccessTokenClaims
from services.auth.workers.sweepers import Sweeper, forget_activities
from tests.store.auth.conftest import Auth
from voxreel.auth.v1 import events_pb2 as auth_events
from voxreel.billing.v1 import events_pb2 as billing_events
from voxreel.common.v1.event_pb2 import EventEnvelope
from voxreel.files.v1 import events_pb2 as file_events
from voxreel.files.v1.file_service_pb2 import STORAGE_TYPE_CACHE
from voxreel.task.v1 import events_pb2 as task_events
from voxreel.task.v1 import task_pb2


def envelope_of(auth: Auth, payload: Message) -> EventEnvelope:
    """The event as it comes from the broker."""
    source = EventSource("test", RandomIds(), auth.clock)
    return EventEnvelope.FromString(source.event("evt.test.thing.done", payload).body)


async def tell(auth: Auth, *payloads: Message) -> None:
    for payload in payloads:
        await auth.projections([envelope_of(auth, payload)])


async def page_of(auth: Auth, token: AccessTokenClaims, page: Page, **wanted: Any) -> tuple[list[Activity], int]:
    """Activities of the last seven days, unless told otherwise."""
    given = {"since": auth.clock.now() - timedelta(days=7), **wanted}
    return await auth.activities.page(token, ActivityFilter(**given), page)


async def seen_by(auth: Auth, token: AccessTokenClaims, **wanted: Any) -> list[Activity]:
    found, _ = await page_of(auth, token, Page(), **wanted)
    return found


async def test_an_event_becomes_an_activity_once(auth: Auth) -> None:
    token = await auth.add_user("alice")
    task = task_events.TaskFailed(
        task_id="tts_1",
        kind=task_pb2.TASK_KIND_TTS,
        user_id=token.user_id,
        credits=10,
        error_reason="ENGINE_FAILED",
        error_message="引擎出错",
        voice="zhichu",
        text_length=50,
    )
    envelope = envelope_of(auth, task)
    await asyncio.gather(*(auth.projections([envelope]) for _ in range(4)))
    (activity,) = await seen_by(auth, token)
    assert (activity.user_id, activity.account, activity.type) == (token.user_id, "alice", "tts_generate")
    assert activity.status is ActivityStatus.FAILED
    assert activity.description == "用户 alice 的语音合成任务失败：引擎出错"
    assert activity.details == {
        "task_id": "tts_1",
        "credits": 10,
        "error_reason": "ENGINE_FAILED",
        "error_message": "引擎出错",
        "voice": "zhichu",
        "text_length": 50,
    }
    assert activity.create_time == auth.clock.now()


async def test_what_the_platform_does_inside_is_not_shown(auth: Auth) -> None:
    token = await auth.add_user("alice")
    await tell(
        auth,
        task_events.TaskQueued(task_id="tts_1", user_id=token.user_id),
        billing_events.HoldCaptured(user_id=token.user_id),
        file_events.FileStored(file_id="f", user_id=token.user_id, file_type="audio"),
        file_events.FileStored(file_id="g", user_id=token.user_id, file_type="voice_samples"),
        file_events.FileStored(file_id="f", storage_type=STORAGE_TYPE_CACHE),
        task_events.TaskSucceeded(task_id="x", kind=task_pb2.TASK_KIND_UNSPECIFIED, user_id=token.user_id),
    )
    assert await seen_by(auth, token) == []


async def test_texts_name_who_and_what(auth: Auth) -> None:
    root, token = await auth.add_admin("root"), await auth.add_user("alice")
    await tell(
        auth,
        billing_events.CardsGenerated(operator_user_id=root.user_id, batch_number="B1", quantity=5),
        billing_events.CardRedeemed(user_id=token.user_id, credits=600, package_name="6元充值"),
        auth_events.UserRoleChanged(user_id=token.user_id, account="alice", is_admin=True),
        auth_events.UserLoginFailed(account="", client_address="203.0.113.9"),
        task_events.TaskCancelled(task_id="v", kind=task_pb2.TASK_KIND_VIDEO, user_id=999),
        auth_events.MaterialAdded(user_id=token.user_id, kind=1, item_id="w{0}"),
        file_events.FileStored(user_id=token.user_id, file_type="bgm", original_name="{曲}.mp3"),
        file_events.FileDeleted(operator_user_id=root.user_id, original_name="试听.wav"),
    )
    assert [(each.user_id, each.description) for each in reversed(await seen_by(auth, root))] == [
        (root.user_id, "管理员 root 生成了 5 张卡密（批次 B1）"),
        (token.user_id, "用户 alice 激活卡密，获得 600 积分（6元充值）"),
        (token.user_id, "用户 alice 被设为管理员"),
        (None, "账号 （未知） 登录失败"),
        (999, "用户 （已删除） 取消了视频生成任务"),
        (token.user_id, "用户 alice 添加了作品"),
        (token.user_id, "用户 alice 上传了文件 {曲}.mp3"),
        (root.user_id, "用户 root 的文件 试听.wav 已删除"),
    ]


async def test_a_user_sees_their_own_and_an_administrator_everybodys(auth: Auth) -> None:
    root, alice, bob = await auth.add_admin("root"), await auth.add_user("alice"), await auth.add_user("bob")
    await tell(auth, *(auth_events.UserPasswordChanged(user_id=each.user_id, account="x") for each in (alice, bob)))
    assert [each.user_id for each in await seen_by(auth, alice)] == [alice.user_id]
    assert {each.user_id for each in await seen_by(auth, root)} == {alice.user_id, bob.user_id}
    await auth.freeze("bob")
    with pytest.raises(Forbidden, match="ACCOUNT_FROZEN"):
        await seen_by(auth, bob)


async def test_lists_are_filtered_and_paged_newest_first(auth: Auth) -> None:
    token = await auth.add_user("alice")
    for number in range(6):
        auth.clock.advance(3600 * 24)
        login = auth_events.UserLoggedIn(user_id=token.user_id, account="alice")
        failed = auth_events.UserLoginFailed(user_id=token.user_id, account="alice")
        await tell(auth, login if number % 2 else failed)
    token = await auth.log_in("alice")
    everything, total = await page_of(auth, token, Page(4, 0))
    assert (len(everything), total) == (4, 6)
    times = [each.create_time for each in everything]
    assert times == sorted(times, reverse=True)
    rest, _ = await page_of(auth, token, Page(4, 4))
    assert len(rest) == 2
    assert await page_of(auth, token, Page(4, 8)) == ([], 6)
    assert len(await seen_by(auth, token, type="user_login_failed")) == 3
    assert len(await seen_by(auth, token, status=ActivityStatus.SUCCESS)) == 3
    assert len(await seen_by(auth, token, type="user_login_failed", status=ActivityStatus.SUCCESS)) == 0
    assert len(await seen_by(auth, token, since=auth.clock.now() - timedelta(days=2))) == 3


async def test_numbers_by_type_status_and_day(auth: Auth) -> None:
    root = await auth.add_admin("root")
    start = auth.clock.now()
    for number in (2, 0, 3):
        auth.clock.advance(24 * 3600 if number != 2 else 3600)
        await tell(auth, *(auth_events.UserLoggedIn(user_id=1, account="root") for _ in range(number)))
    await tell(auth, auth_events.UserLoginFailed(account="root"))
    root = await auth.log_in("root")
    days = [start + timedelta(days=day) for day in range(3)]
    stats = await auth.activities.stats(root, days)
    assert stats.by_type == {"user_login_success": 5, "user_login_failed": 1}
    assert stats.by_status == {ActivityStatus.SUCCESS: 5, ActivityStatus.FAILED: 1}
    assert (stats.by_day, stats.total) == ((2, 0, 4), 6)
    assert (await auth.activities.stats(root, days[2:])).total == 4
    for wrong in ([], days[::-1], [start] * 2, [start + timedelta(days=day) for day in range(32)]):
        with pytest.raises(Invalid, match="FIELD_INVALID"):
            await auth.activities.stats(root, wrong)
    token = await auth.add_user("alice")
    with pytest.raises(Forbidden, match="ADMIN_REQUIRED"):
        await auth.activities.stats(token, days)


async def test_old_activities_are_forgotten(auth: Auth) -> None:
    token = await auth.add_user("alice")
    event = auth_events.UserPasswordChanged(user_id=token.user_id, account="alice")
    await tell(auth, event)
    auth.clock.advance(timedelta(days=40).total_seconds())
    await tell(auth, event, event)
    sweeper = Sweeper(auth.units, auth.clock, [forget_activities(timedelta(days=31))])
    assert [await sweeper.step(), await sweeper.step()] == [1, 0]
    token = await auth.log_in("alice")
    assert len(await seen_by(auth, token, since=datetime(2020, 1, 1, tzinfo=auth.clock.now().tzinfo))) == 2


async def test_a_payload_that_is_not_what_it_says_is_refused(auth: Auth) -> None:
    envelope = envelope_of(auth, auth_events.UserRegistered(user_id=1, account="x"))
    envelope.payload = b"\xff\xff"
    with pytest.raises(DecodeError):
        await auth.projections([envelope])
