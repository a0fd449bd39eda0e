"""Renders, chroma keys and links: accepted, paid, done by engines registered here, and refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy import func, select

from kit.errors import DomainError, Forbidden, Invalid, NotFound, RateLimited, TooLarge, Unavailable
from services.video.store.tables import TASKS
from tests.rpc.video.conftest import World
from voxreel.task.v1 import task_pb2
from voxreel.task.v1 import task_service_pb2 as tasks
from voxreel.video.v1 import link_service_pb2 as links
from voxreel.video.v1 import render_service_pb2 as renders

Order = Callable[[World, str], Awaitable[task_pb2.Task]]
MEBIBYTE = 1024 * 1024


async def _render(world: World, request_id: str = "r-1") -> task_pb2.Task:
    request = renders.CreateRenderRequest(
        request_id=request_id,
        video_file_id=world.files.put("face.mp4", b"face"),
        audio_file_id=world.files.put("voice.wav", b"voice"),
        ref_image_file_id=world.files.put("who.png", b"who"),
    )
    return (await world.renders.CreateRender(request)).task


async def _key(world: World, request_id: str = "r-1") -> task_pb2.Task:
    request = renders.CreateChromaKeyRequest(
        request_id=request_id,
        video_file_id=world.files.put("screen.mov", b"screen"),
        background_file_id=world.files.put("beach.webp", b"beach"),
        color="#00B140",
        similarity=0.4,
        blend=0.1,
    )
    return (await world.renders.CreateChromaKey(request)).task


async def _task_count(world: World) -> int:
    return await world.database.read(lambda c: c.execute(select(func.count()).select_from(TASKS)).scalar_one())


@pytest.mark.parametrize(
    ("order", "feature", "content", "duration_ms"),
    [(_render, "video_generate", b"face+voice+who", 2000), (_key, "chroma_key", b"screen+beach", 3000)],
)
async def test_an_order_is_paid_done_and_stored(
    world: World, order: Order, feature: str, content: bytes, duration_ms: int
) -> None:
    with world.user():
        task, again = await order(world, "r-1"), await order(world, "r-1")
    assert str(UUID(task.id)) == task.id == again.id
    [request] = world.ledger.requests
    assert (request.feature_key, request.request_id) == (feature, task.id)
    await world.work()
    done = (await world.tasks.GetTask(tasks.GetTaskRequest(task_id=task.id))).task
    assert done.state == task_pb2.TASK_STATE_SUCCEEDED
    assert (done.output["file_id"], done.output["duration_ms"]) == (f"videos_{task.id}.mp4", duration_ms)
    header, stored = world.files.stored[task.id]
    assert (stored, header.file_type, header.user_id) == (content, "videos", 7)


@pytest.mark.parametrize(("order", "capability"), [(_render, "lip_sync"), (_key, "chroma_key")])
async def test_without_an_engine_nothing_is_recorded_or_held(world: World, order: Order, capability: str) -> None:
    world.fakes.problems[capability] = ("model is missing",)
    await world.engines.step()
    with world.user(), pytest.raises(Unavailable) as refused:
        await order(world, "r-1")
    assert refused.value.reason_name == "ENGINE_UNAVAILABLE"
    assert (world.ledger.requests, await _task_count(world)) == ([], 0)


async def test_an_engine_lost_after_the_hold_fails_the_task(world: World) -> None:
    with world.user():
        task = await _render(world)
    world.fakes.problems["lip_sync"] = ("model is missing",)
    await world.engines.step()
    await world.work()
    failed = (await world.tasks.GetTask(tasks.GetTaskRequest(task_id=task.id))).task
    assert (failed.state, failed.error_reason) == (task_pb2.TASK_STATE_FAILED, "ENGINE_UNAVAILABLE")
    assert world.files.stored == {}


@pytest.mark.parametrize(
    ("video", "audio", "kind", "part"),
    [
        ("missing.mp4", "voice.wav", NotFound, "missing.mp4"),
        ("theirs.mp4", "voice.wav", NotFound, "theirs.mp4"),
        ("face.mkv", "voice.wav", Invalid, "mp4、avi、mov"),
        ("face.mp4", "voice.ogg", Invalid, "wav、mp3、aac"),
        ("large.mp4", "voice.wav", TooLarge, "视频过大，上限为 300 MB"),
        ("face.mp4", "large.wav", TooLarge, "音频过大，上限为 30 MB"),
        ("", "voice.wav", Invalid, "video_file_id"),
    ],
)
async def test_files_that_cannot_be_rendered(
    world: World, video: str, audio: str, kind: type[DomainError], part: str
) -> None:
    for file_id in ("face.mp4", "face.mkv", "voice.wav", "voice.ogg"):
        world.files.put(file_id)
    world.files.put("theirs.mp4", user_id=8)
    world.files.put("large.mp4", size=301 * MEBIBYTE)
    world.files.put("large.wav", size=31 * MEBIBYTE)
    request = renders.CreateRenderRequest(request_id="r-1", video_file_id=video, audio_file_id=audio)
    with world.user(), pytest.raises(kind) as refused:
        await world.renders.CreateRender(request)
    assert part in refused.value.message
    assert (world.ledger.requests, await _task_count(world)) == ([], 0)


@pytest.mark.parametrize(
    ("color", "similarity", "blend", "background"),
    [
        ("red", 0.4, 0.1, "beach.png"),
        ("#12345", 0.4, 0.1, "beach.png"),
        ("green\n", 0.4, 0.1, "beach.png"),
        ("green", 1.5, 0.1, "beach.png"),
        ("green", 0.4, float("nan"), "beach.png"),
        ("green", 0.4, 0.1, "beach.gif"),
    ],
)
async def test_chroma_keys_that_break_a_rule(
    world: World, color: str, similarity: float, blend: float, background: str
) -> None:
    request = renders.CreateChromaKeyRequest(
        request_id="r-1",
        video_file_id=world.files.put("screen.mp4"),
        background_file_id=world.files.put(background),
        color=color,
        similarity=similarity,
        blend=blend,
    )
    with world.user(), pytest.raises(Invalid):
        await world.renders.CreateChromaKey(request)
    assert world.ledger.requests == []


async def test_a_full_queue_is_told_before_anything_is_held(world: World) -> None:
    with world.user():
        for number in range(4):
            await _render(world, f"r-{number}")
        with pytest.raises(RateLimited):
            await _render(world, "r-5")
    assert len(world.ledger.requests) == 4


async def test_a_link_is_found_in_what_apps_share(world: World) -> None:
    text = "7.43 复制打开抖音，看看【作者的作品】 https://v.douyin.com/iXx/，超好看"
    found = await world.links.ParseLink(links.ParseLinkRequest(text=text))
    assert (found.video_url, found.title, found.author.uid) == ("https://v.douyin.com/iXx/video.mp4", "标题", "1")


async def test_a_post_of_images(world: World) -> None:
    found = await world.links.ParseLink(links.ParseLinkRequest(text="https://v.douyin.com/images"))
    assert found.video_url == ""
    assert list(found.image_urls) == ["https://a/1.jpg", "https://a/2.jpg"]
    assert list(found.live_photo_urls) == ["https://a/1.mp4", ""]


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("", Invalid, "LINK_MISSING"),
        ("ftp://v.douyin.com/x", Invalid, "LINK_MISSING"),
        ("https://", Invalid, "LINK_MISSING"),
        ("http://[::1", Invalid, "LINK_MISSING"),
        ("https://example.com/x", Invalid, "LINK_UNSUPPORTED"),
        ("https://v.douyin.com/kind_unsupported", Invalid, "LINK_KIND_UNSUPPORTED"),
        ("https://v.douyin.com/gone", NotFound, "LINK_GONE"),
        ("https://v.douyin.com/gated", Forbidden, "LINK_GATED"),
        ("https://v.douyin.com/limited", Unavailable, "LINK_PLATFORM_LIMITED"),
        ("https://v.douyin.com/changed", Unavailable, "LINK_PAGE_CHANGED"),
        ("https://v.douyin.com/unreachable", Unavailable, "LINK_PLATFORM_UNREACHABLE"),
    ],
)
async def test_links_that_lead_nowhere(world: World, text: str, kind: type[DomainError], reason: str) -> None:
    with pytest.raises(kind) as refused:
        await world.links.ParseLink(links.ParseLinkRequest(text=text))
    assert refused.value.reason_name == reason
    assert refused.value.retry_after_s == (60.0 if reason == "LINK_PLATFORM_LIMITED" else None)


async def test_platforms_are_shown_to_administrators(world: World) -> None:
    with world.user(), pytest.raises(Forbidden):
        await world.links.ListPlatforms(links.ListPlatformsRequest())
    with world.admin():
        asked, unasked = (await world.links.ListPlatforms(links.ListPlatformsRequest())).platforms
    assert (asked.key, asked.display_name, asked.last_outcome) == ("douyin", "抖音", "changed")
    assert (dict(asked.counts), list(asked.changed_ways)) == ({"read": 3, "changed": 1}, ["details"])
    assert (asked.last_read_time.ToDatetime().hour, asked.paused_for.ToMilliseconds()) == (12, 1500)
    assert unasked.last_outcome == "" and not unasked.HasField("last_read_time")


async def test_without_a_reader_links_are_unavailable(world: World) -> None:
    world.fakes.problems["link_parse"] = ("no network",)
    await world.engines.step()
    with pytest.raises(Unavailable):
        await world.links.ParseLink(links.ParseLinkRequest(text="https://v.douyin.com/x"))
