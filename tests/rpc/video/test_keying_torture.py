"""Hostile files, as a client sends them for a chroma key: each a clear refusal in time, and nothing charged."""

from __future__ import annotations

import struct
import time
import zlib
from pathlib import Path

import av
import numpy as np
import pytest

from kit.errors import Invalid
from tests.fakes.screen_clip import studio, write_clip
from tests.rpc.video.conftest import World
from voxreel.video.v1 import render_service_pb2 as renders

WITHIN_S = 60.0  # the worker's own limit is 20 s, and two workers start at the first file


def _picture(side: int) -> bytes:
    """A PNG whose header promises a square of this side, with next to nothing behind it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )


def _sound_alone(clip: Path, target: Path) -> bytes:
    with av.open(str(clip)) as source, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    return target.read_bytes()


def _hostile(folder: Path) -> list[tuple[str, bytes, bytes, str]]:
    """What is sent as video and as background, and what is answered."""
    clip = write_clip(folder / "clip.mp4", [studio(width=160, height=96)] * 60)
    good, image = clip.read_bytes(), _small_picture(folder)
    short = write_clip(folder / "short.mp4", [studio(width=160, height=96)] * 20, sound="").read_bytes()
    no_media, empty = "文件已损坏或不是支持的媒体文件", "文件为空"
    playlist = b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n"
    return [
        ("truncated", good[: len(good) // 3], image, "视频" + no_media),
        ("zero bytes", b"", image, "视频" + empty),
        ("renamed text", b"not a video\n" * 99, image, "视频" + no_media),
        ("playlist", playlist, image, "视频" + no_media),
        ("list of files", b"ffconcat version 1.0\nfile /etc/passwd\n", image, "视频" + no_media),
        ("image as video", image, image, "视频文件的内容与格式不符，请使用 mp4、avi、mov 文件"),
        ("no pictures", _sound_alone(clip, folder / "sound.mp4"), image, "视频文件没有画面"),
        ("short, silent", short, image, "视频时长为 0.8 秒，须在 2 至 120 秒之间"),
        ("huge background", good, _picture(60_000), "背景"),
        ("playlist behind", good, playlist, "背景" + no_media),
        ("nothing behind", good, b"", "背景" + empty),
    ]


def _small_picture(folder: Path) -> bytes:
    path = folder / "beach.png"
    with av.open(str(path), "w", format="image2") as container:
        stream = container.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = 32, 24, "rgb24"
        frame = av.VideoFrame.from_ndarray(np.full((24, 32, 3), 200, np.uint8), "rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path.read_bytes()


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
