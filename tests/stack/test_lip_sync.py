"""Lip sync on a whole stack: from two uploads to a video that speaks, and what is not paid for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import av
import numpy as np
import pytest

from tests.fakes.face_clip import spoken, write_clip, write_face_clip, write_voice
from tests.polling import eventually
from tests.stack.client import Client, paying_client
from tests.stack.harness import Stack, stack

pytestmark = [pytest.mark.long, pytest.mark.stack, pytest.mark.model, pytest.mark.timeout(600)]

PRICE = 100


async def _upload(user: Client, path: Path) -> str:
    form = aiohttp.FormData()
    form.add_field("file", await asyncio.to_thread(path.read_bytes), filename=path.name)
    reply = await user.call("POST", "/api/files/upload", params={"storage_type": "temp"}, data=form)
    assert reply.status == 200, reply
    return str(reply.body["file_id"])


async def _generate(user: Client, body: dict[str, Any]) -> Any:
    reply = await user.call("POST", "/api/videoretalk/generate", json=body)
    assert reply.status == 200, reply
    return reply.body


async def test_a_face_speaks_and_what_fails_costs_nothing(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    async with (
        stack(tmp_path / "data", "--single-process", TMPDIR=str(scratch)) as running,
        paying_client(running, 3 * PRICE) as user,
    ):
        voice = await _upload(user, write_voice(tmp_path / "voice.wav", spoken(3.0)))
        face = await _upload(user, write_face_clip(tmp_path / "face.mp4"))
        await _check_result(running, user, {"video_file_id": face, "audio_file_id": voice, "video_extension": True})
        await _check_no_face(user, tmp_path, voice)
        await _check_cancellation(user, tmp_path, face)
        await user.wait_settled(available=2 * PRICE)
        await eventually(lambda: not list(scratch.glob("voxreel-*")))
        assert await running.stop() == 0


async def _check_result(running: Stack, user: Client, body: dict[str, Any]) -> None:
    done = await _generate(user, {**body, "wait_completion": True})
    assert (done["status"], done["message"]) == ("SUCCEEDED", "视频生成完成")
    async with aiohttp.ClientSession() as session, session.get(running.base_url + done["video_url"]) as response:
        assert response.content_type == "video/mp4"
        path = Path(running.data_dir) / "shown.mp4"
        await asyncio.to_thread(path.write_bytes, await response.read())
    with av.open(str(path)) as video:
        assert (video.streams.video[0].codec_context.name, video.streams.video[0].frames) == ("h264", 75)
        assert video.streams.audio[0].codec_context.name == "aac"


async def _check_no_face(user: Client, folder: Path, voice: str) -> None:
    wall = np.full((160, 160, 3), 150, np.uint8)
    empty = await _upload(user, write_clip(folder / "wall.mp4", [wall] * 60))
    failed = await _generate(user, {"video_file_id": empty, "audio_file_id": voice, "wait_completion": True})
    assert failed["status"] == "FAILED"
    task = await user.task(failed["task_id"])
    assert task["error"] == "视频中未检测到清晰的正脸，请更换视频"


async def _check_cancellation(user: Client, folder: Path, face: str) -> None:
    long_voice = await _upload(user, write_voice(folder / "long.wav", spoken(60.0)))
    started = await _generate(user, {"video_file_id": face, "audio_file_id": long_voice, "video_extension": True})

    async def is_rendering() -> bool:
        return bool((await user.task(started["task_id"]))["status"] == "RUNNING")

    await eventually(is_rendering, within_s=180)
    reply = await user.call("DELETE", f"/api/videoretalk/task/{started['task_id']}")
    assert reply.status == 200, reply
