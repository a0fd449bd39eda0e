"""Hostile files, as a client sends them for a render: each a clear refusal in time, and nothing charged."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import func, select

from kit.errors import Invalid
from services.video.store.tables import TASKS
from tests.fakes.hostile_media import (
    FILE_LIST,
    MUTE_WAV,
    PLAYLIST,
    TEXT,
    endless_video,
    huge_picture,
    huge_video,
    small_picture,
    sound_alone,
)
from tests.fakes.recordings import write_wav
from tests.fakes.screen_clip import studio, write_clip
from tests.rpc.video.conftest import World
from voxreel.video.v1 import render_service_pb2 as renders

# The worker's own limit is 20 s, and it starts at the first file.
WITHIN_S = 60.0
NO_MEDIA, EMPTY = "文件已损坏或不是支持的媒体文件", "文件为空"
WRONG_VIDEO = "视频文件的内容与格式不符，请使用 mp4、avi、mov 文件"
WRONG_AUDIO = "音频文件的内容与格式不符，请使用 wav、mp3、aac 文件"
WRONG_IMAGE = "参考图片文件的内容与格式不符，请使用 jpeg、jpg、png、bmp、webp 文件"


@dataclass(frozen=True)
class Good:
    """Files there is nothing wrong with."""

    video: bytes
    audio: bytes
    image: bytes

    @classmethod
    def made(cls, folder: Path) -> Good:
        video = write_clip(folder / "clip.mp4", [studio(width=160, height=96)] * 60)
        audio = write_wav(folder / "voice.wav", duration_s=3.0)
        return cls(video.read_bytes(), audio.read_bytes(), small_picture(folder / "who.png"))


def _videos(folder: Path, good: Good) -> dict[str, tuple[bytes, str]]:
    silent = write_clip(folder / "short.mp4", [studio(width=160, height=96)] * 20, sound="").read_bytes()
    return {
        "truncated": (good.video[: len(good.video) // 3], "视频" + NO_MEDIA),
        "zero bytes": (b"", "视频" + EMPTY),
        "renamed text": (TEXT, "视频" + NO_MEDIA),
        "renamed sound": (good.audio, WRONG_VIDEO),
        "renamed picture": (good.image, WRONG_VIDEO),
        "playlist": (PLAYLIST, "视频" + NO_MEDIA),
        "list of files": (FILE_LIST, "视频" + NO_MEDIA),
        "huge": (huge_video(folder / "huge.avi"), "视频画面尺寸过大"),
        "huge beyond decoding": (huge_video(folder / "vast.avi", 30_000), "视频" + NO_MEDIA),
        "endless": (endless_video(folder / "endless.mp4"), "视频媒体时长过长"),
        "no pictures": (sound_alone(folder / "clip.mp4", folder / "sound.mp4"), "视频文件没有画面"),
        "short": (silent, "视频时长为 0.8 秒，须在 2 至 120 秒之间"),
    }


def _sounds(folder: Path, good: Good) -> dict[str, tuple[bytes, str]]:
    long = write_wav(folder / "long.wav", duration_s=130.0).read_bytes()
    return {
        "truncated": (good.audio[:30], "音频" + NO_MEDIA),
        "zero bytes": (b"", "音频" + EMPTY),
        "renamed text": (TEXT, "音频" + NO_MEDIA),
        "renamed video": (good.video, WRONG_AUDIO),
        "playlist": (PLAYLIST, "音频" + NO_MEDIA),
        "no sound": (MUTE_WAV, "音频时长为 0.0 秒，须在 2 至 120 秒之间"),
        "long": (long, "音频时长为 130.0 秒，须在 2 至 120 秒之间"),
    }


def _images(good: Good) -> dict[str, tuple[bytes, str]]:
    return {
        "zero bytes": (b"", "参考图片" + EMPTY),
        "renamed text": (TEXT, "参考图片" + NO_MEDIA),
        "renamed video": (good.video, WRONG_IMAGE),
        "playlist": (PLAYLIST, "参考图片" + NO_MEDIA),
        "huge": (huge_picture(), "参考图片"),
    }


async def _answer(world: World, files: Good, request_id: str) -> str:
    request = renders.CreateRenderRequest(
        request_id=request_id,
        video_file_id=world.files.put("v.mp4", files.video),
        audio_file_id=world.files.put("a.wav", files.audio),
        ref_image_file_id=world.files.put("i.png", files.image),
    )
    try:
        with world.user():
            await world.renders.CreateRender(request)
    except Invalid as error:
        return error.message
    return "accepted"


async def test_hostile_files_are_refused_in_time_and_cost_nothing(keying_world: World, tmp_path: Path) -> None:
    world, good = keying_world, Good.made(tmp_path)
    tried: dict[str, tuple[Good, str]] = {}
    for name, (content, says) in _videos(tmp_path, good).items():
        tried[f"video {name}"] = (replace(good, video=content), says)
    for name, (content, says) in _sounds(tmp_path, good).items():
        tried[f"audio {name}"] = (replace(good, audio=content), says)
    for name, (content, says) in _images(good).items():
        tried[f"image {name}"] = (replace(good, image=content), says)
    wrong: dict[str, str] = {}
    for name, (files, says) in tried.items():
        started = time.monotonic()
        answer = await _answer(world, files, name)
        if not answer.startswith(says) or time.monotonic() - started > WITHIN_S:
            wrong[name] = answer
    assert wrong == {}
    count = await world.database.read(lambda c: c.execute(select(func.count()).select_from(TASKS)).scalar_one())
    assert (world.ledger.requests, count) == ([], 0)
    assert await _answer(world, good, "good") == "accepted"
    assert len(world.ledger.requests) == 1
