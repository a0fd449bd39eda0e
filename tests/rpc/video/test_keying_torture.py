"""Hostile files, as a client sends them for a chroma key: each a clear refusal in time, and nothing charged."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from kit.errors import Invalid
from tests.fakes.hostile_media import (
    FILE_LIST,
    PLAYLIST,
    TEXT,
    endless_video,
    huge_picture,
    huge_video,
    small_picture,
    sound_alone,
)
from tests.fakes.screen_clip import studio, write_clip
from tests.rpc.video.conftest import World
from voxreel.video.v1 import render_service_pb2 as renders

WITHIN_S = 60.0  # the worker's own limit is 20 s, and two workers start at the first file


def _hostile(folder: Path) -> list[tuple[str, bytes, bytes, str]]:
    """What is sent as video and as background, and what is answered."""
    clip = write_clip(folder / "clip.mp4", [studio(width=160, height=96)] * 60)
    good, image = clip.read_bytes(), small_picture(folder / "beach.png")
    short = write_clip(folder / "short.mp4", [studio(width=160, height=96)] * 20, sound="").read_bytes()
    no_media, empty = "文件已损坏或不是支持的媒体文件", "文件为空"
    return [
        ("truncated", good[: len(good) // 3], image, "视频" + no_media),
        ("zero bytes", b"", image, "视频" + empty),
        ("renamed text", TEXT, image, "视频" + no_media),
        ("playlist", PLAYLIST, image, "视频" + no_media),
        ("list of files", FILE_LIST, image, "视频" + no_media),
        ("image as video", image, image, "视频文件的内容与格式不符，请使用 mp4、avi、mov 文件"),
        ("no pictures", sound_alone(clip, folder / "sound.mp4"), image, "视频文件没有画面"),
        ("short, silent", short, image, "视频时长为 0.8 秒，须在 2 至 120 秒之间"),
        ("huge", huge_video(folder / "huge.avi"), image, "视频画面尺寸过大"),
        ("endless", endless_video(folder / "endless.mp4"), image, "视频媒体时长过长"),
        ("huge background", good, huge_picture(), "背景"),
        ("playlist behind", good, PLAYLIST, "背景" + no_media),
        ("nothing behind", good, b"", "背景" + empty),
    ]


async def test_hostile_files_are_refused_in_time_and_cost_nothing(keying_world: World, tmp_path: Path) -> None:
    for name, video, background, message in _hostile(tmp_path):
        request = renders.CreateChromaKeyRequest(
            request_id=name,
            video_file_id=keying_world.files.put("v.mp4", video),
            background_file_id=keying_world.files.put("b.png", background),
            color="green",
            similarity=0.4,
            blend=0.1,
        )
        started = time.monotonic()
        with keying_world.user(), pytest.raises(Invalid) as refused:
            await keying_world.renders.CreateChromaKey(request)
        assert refused.value.message.startswith(message), name
        assert time.monotonic() - started < WITHIN_S, name
    assert keying_world.ledger.requests == []


async def test_a_silent_video_and_a_video_behind_are_fine(keying_world: World, tmp_path: Path) -> None:
    video = write_clip(tmp_path / "v.mp4", [studio(width=160, height=96)] * 60, sound="").read_bytes()
    background = write_clip(tmp_path / "b.mp4", [np.full((96, 96, 3), 90, np.uint8)] * 60).read_bytes()
    request = renders.CreateChromaKeyRequest(
        request_id="k-1",
        video_file_id=keying_world.files.put("v.mp4", video),
        background_file_id=keying_world.files.put("b.mp4", background),
        color="green",
        similarity=0.4,
        blend=0.1,
    )
    with keying_world.user():
        task = (await keying_world.renders.CreateChromaKey(request)).task
    assert [each.feature_key for each in keying_world.ledger.requests] == ["chroma_key"]
    assert task.id
