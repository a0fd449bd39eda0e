"""Chroma keys: refused with their own words before anything is held, and done with sources of both kinds."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from kit.errors import Invalid
from services.video.store.tables import TASKS
from tests.rpc.video.conftest import World
from voxreel.task.v1 import task_pb2
from voxreel.task.v1 import task_service_pb2 as tasks
from voxreel.video.v1 import render_service_pb2 as renders


def _request(world: World, video: bytes, background: tuple[str, bytes], color: str) -> renders.CreateChromaKeyRequest:
    return renders.CreateChromaKeyRequest(
        request_id="k-1",
        video_file_id=world.files.put("v.mp4", video),
        background_file_id=world.files.put(*background),
        color=color,
        similarity=0.4,
        blend=0.1,
    )


@pytest.mark.parametrize(
    ("video", "background", "color", "message"),
    [
        (b"room", ("b.png", b"beach"), "green", "视频中绿色背景仅占画面的 3.1%（至少需要 10%），请更换视频或抠像颜色"),
        (
            b"room",
            ("b.png", b"beach"),
            "#00B140",
            "视频中#00B140背景仅占画面的 3.1%（至少需要 10%），请更换视频或抠像颜色",
        ),
        (b"short", ("b.png", b"beach"), "green", "视频时长为 1.0 秒，须在 2 至 120 秒之间"),
        (b"blind", ("b.png", b"beach"), "green", "视频文件没有画面"),
        (b"list", ("b.png", b"beach"), "green", "视频文件已损坏或不是支持的媒体文件"),
        (b"screen", ("b.png", b"text"), "green", "背景文件已损坏或不是支持的媒体文件"),
        (b"screen", ("b.mp4", b"slow"), "green", "背景帧率为 12 帧/秒，须在 15 至 60 帧/秒之间"),
        (b"screen", ("b.png", b"song"), "green", "背景文件的内容与格式不符，请使用 jpeg、jpg、png、bmp、webp 文件"),
    ],
)
async def test_what_is_refused_costs_nothing(
    world: World, video: bytes, background: tuple[str, bytes], color: str, message: str
) -> None:
    with world.user(), pytest.raises(Invalid) as refused:
        await world.renders.CreateChromaKey(_request(world, video, background, color))
    assert refused.value.message == message
    count = await world.database.read(lambda c: c.execute(select(func.count()).select_from(TASKS)).scalar_one())
    assert (world.ledger.requests, count) == ([], 0)


async def test_a_missing_screen_is_told_with_its_share(world: World) -> None:
    with world.user(), pytest.raises(Invalid) as refused:
        await world.renders.CreateChromaKey(_request(world, b"room", ("b.png", b"beach"), "blue"))
    assert refused.value.reason_name == "SCREEN_NOT_FOUND"
    assert refused.value.metadata == {"share": "0.0310", "color": "blue"}


async def test_a_video_may_be_behind(world: World) -> None:
    with world.user():
        task = (await world.renders.CreateChromaKey(_request(world, b"screen", ("b.mov", b"waves"), "green"))).task
        await world.work()
        done = (await world.tasks.GetTask(tasks.GetTaskRequest(task_id=task.id))).task
    assert done.state == task_pb2.TASK_STATE_SUCCEEDED
    assert world.files.stored[task.id][1] == b"screen+waves"


async def test_sources_may_lie_behind_urls(world: World) -> None:
    world.web.files = {"https://films.example/v": b"screen", "https://films.example/b": b"beach"}
    request = renders.CreateChromaKeyRequest(
        request_id="k-1",
        video_url="https://films.example/v",
        background_url="https://films.example/b",
        color="green",
        similarity=0.4,
        blend=0.1,
    )
    with world.user():
        task = (await world.renders.CreateChromaKey(request)).task
        await world.work()
    assert world.files.stored[task.id][1] == b"screen+beach"
