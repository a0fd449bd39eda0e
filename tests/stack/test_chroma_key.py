"""Chroma keys on a whole stack: from two uploads to a person before a beach, and what is not paid for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import av
import cv2
import numpy as np
import pytest

from tests.fakes.screen_clip import STAYING, studio, write_clip
from tests.polling import eventually
from tests.stack.client import Client, paying_client
from tests.stack.harness import Stack, stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

PRICE = 80
BEACH = (220, 180, 140)


async def _upload(user: Client, path: Path) -> str:
    form = aiohttp.FormData()
    form.add_field("file", await asyncio.to_thread(path.read_bytes), filename=path.name)
    reply = await user.call("POST", "/api/files/upload", params={"storage_type": "temp"}, data=form)
    assert reply.status == 200, reply
    return str(reply.body["file_id"])


def _write_sources(folder: Path) -> tuple[Path, Path, Path]:
    """Somebody before a screen for two seconds, the same for a minute, and a beach."""
    pictures = [studio(at=0.4 + index / 500, person=STAYING["denim"]) for index in range(50)]
    beach = folder / "beach.png"
    assert cv2.imwrite(str(beach), np.full((64, 64, 3), BEACH[::-1], np.uint8))
    return write_clip(folder / "short.mp4", pictures), write_clip(folder / "long.mp4", pictures * 30), beach


async def test_a_person_stands_before_a_beach_and_what_fails_costs_nothing(tmp_path: Path) -> None:
    short, long, beach = await asyncio.to_thread(_write_sources, tmp_path)
    async with stack(tmp_path / "data", "--single-process") as running, paying_client(running, 3 * PRICE) as user:
        background = await _upload(user, beach)
        await _check_result(running, user, {"video_file_id": await _upload(user, short), "background": background})
        await _check_refusals(user, tmp_path, background)
        await _check_cancellation(user, {"video_file_id": await _upload(user, long), "background": background})
        await user.wait_settled(available=2 * PRICE)
        assert await running.stop() == 0


def _body(sources: dict[str, str], color: str = "green") -> dict[str, object]:
    return {
        "video_file_id": sources["video_file_id"],
        "background_image_file_id": sources["background"],
        "chroma_key_color": color,
        "chroma_key_similarity": 0.4,
        "chroma_key_blend": 0.1,
    }


async def _check_result(running: Stack, user: Client, sources: dict[str, str]) -> None:
    reply = await user.call("POST", "/api/videoretalk/chroma-key", json=_body(sources))
    assert (reply.status, reply.body["status"]) == (200, "PENDING"), reply
    task_id = reply.body["task_id"]

    async def has_succeeded() -> bool:
        return bool((await user.task(task_id))["status"] == "SUCCEEDED")

    await eventually(has_succeeded, within_s=180)
    done = await user.task(task_id)
    assert (done["message"], done["progress"]) == ("绿幕背景替换完成", 100)
    path = running.data_dir / "shown.mp4"
    async with aiohttp.ClientSession() as session, session.get(running.base_url + done["video_url"]) as response:
        assert response.content_type == "video/mp4"
        await asyncio.to_thread(path.write_bytes, await response.read())
    with av.open(str(path)) as video:
        assert (video.streams.video[0].codec_context.name, video.streams.video[0].frames) == ("h264", 50)
        assert video.streams.audio[0].codec_context.name == "aac"
        picture = next(video.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(picture[8, 8].astype(int) - BEACH).max() <= 12
    assert np.abs(picture[160, 128].astype(int) - STAYING["denim"]).max() <= 16


async def _check_refusals(user: Client, folder: Path, background: str) -> None:
    room = await _upload(user, write_clip(folder / "room.mp4", [np.full((96, 160, 3), 150, np.uint8)] * 60))
    torn = folder / "torn.mp4"
    await asyncio.to_thread(torn.write_bytes, (folder / "short.mp4").read_bytes()[:8000])
    for video, detail in (
        (room, "视频中绿色背景仅占画面的 0.0%（至少需要 10%），请更换视频或抠像颜色"),
        (await _upload(user, torn), "视频文件已损坏或不是支持的媒体文件"),
    ):
        body = _body({"video_file_id": video, "background": background})
        reply = await user.call("POST", "/api/videoretalk/chroma-key", json=body)
        assert (reply.status, reply.body["detail"]) == (400, detail)


async def _check_cancellation(user: Client, sources: dict[str, str]) -> None:
    reply = await user.call("POST", "/api/videoretalk/chroma-key", json=_body(sources))
    assert reply.status == 200, reply

    async def is_running() -> bool:
        return bool((await user.task(reply.body["task_id"]))["status"] == "RUNNING")

    await eventually(is_running, within_s=180)
    deleted = await user.call("DELETE", f"/api/videoretalk/task/{reply.body['task_id']}")
    assert deleted.status == 200, deleted
