"""Facts of files made here, and files that are not what they seem."""

import struct
import zlib
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from kit.engines import InputRefused
from services.video.media import probe as module
from services.video.media.probe import BROKEN, EMPTY, TOO_LARGE_PICTURE, TOO_LONG, probe
from services.video.media.prober import MediaProber

RATE = 25


def write_video(
    path: Path,
    *,
    frames: int = 50,
    width: int = 64,
    height: int = 48,
    has_sound: bool = True,
    stamps: list[int] | None = None,
    rotation: int = 0,
) -> Path:
    """A small video; `stamps` are the times of its frames in milliseconds, at an even rate if not given."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("mpeg4", rate=RATE)
        pictures.width, pictures.height, pictures.pix_fmt = width, height, "yuv420p"
        unit = Fraction(1, 1000 if stamps else RATE)
        pictures.time_base = pictures.codec_context.time_base = unit
        sound = container.add_stream("aac", rate=16000, layout="mono") if has_sound else None
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), number % 255, np.uint8), "rgb24")
            frame.pts = number if stamps is None else stamps[number]
            frame.time_base = unit
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode(None))
        if sound is not None:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 16000 * 2), np.float32), "fltp", "mono")
            silence.sample_rate, silence.pts = 16000, 0
            container.mux(sound.encode(silence))
            container.mux(sound.encode(None))
    if rotation:
        _rotate(path, rotation)
    return path


def _rotate(path: Path, degrees: int) -> None:
    """Writes the display matrix of the first track header of an MP4 (ISO/IEC 14496-12, 8.3.2)."""
    turns = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}[degrees]
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    one = 1 << 16
    matrix = (turns[0] * one, turns[1] * one, 0, turns[2] * one, turns[3] * one, 0, 0, 0, 1 << 30)
    data[at : at + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(data)


@pytest.mark.parametrize("container", ["mp4", "avi", "mov", "mkv"])
def test_facts_of_a_video(tmp_path: Path, container: str) -> None:
    facts = probe(None, write_video(tmp_path / f"v.{container}"))
    assert facts.video is not None and facts.audio is not None
    assert (facts.video.width, facts.video.height, facts.video.frames) == (64, 48, 50)
    assert facts.video.frames_per_second == pytest.approx(RATE, rel=0.05)
    assert facts.video.duration_s == pytest.approx(2.0, abs=0.1)
    assert facts.audio.duration_s == pytest.approx(2.0, abs=0.15)
    assert (facts.audio.sample_rate, facts.audio.channels) == (16000, 1)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_size_is_as_shown(tmp_path: Path, degrees: int) -> None:
    video = probe(None, write_video(tmp_path / "v.mp4", rotation=degrees)).video
    assert video is not None
    assert video.rotation == degrees
    assert (video.width, video.height) == ((64, 48) if degrees == 180 else (48, 64))


def test_an_uneven_rate_is_told(tmp_path: Path) -> None:
    video = probe(None, write_video(tmp_path / "v.mp4", frames=4, stamps=[0, 40, 400, 2000])).video
    assert video is not None
    assert not video.is_rate_steady
    assert video.duration_s == pytest.approx(2.0, abs=0.1)


def test_sound_alone_and_pictures_alone(tmp_path: Path) -> None:
    silent = probe(None, write_video(tmp_path / "v.mp4", has_sound=False))
    assert silent.video is not None and silent.audio is None


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    path.touch()
    with pytest.raises(InputRefused, match=EMPTY):
        probe(None, path)


def test_what_is_no_media(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    path.write_text("just words, many of them " * 100)
    with pytest.raises(InputRefused, match=BROKEN):
        probe(None, path)


def test_a_truncated_file(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    with pytest.raises(InputRefused, match=BROKEN):
        probe(None, path)


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{target}'\n",
    ],
)
def test_a_playlist_is_not_followed(tmp_path: Path, playlist: str) -> None:
    target = write_video(tmp_path / "real.mp4")
    path = tmp_path / "v.mp4"
    path.write_text(playlist.format(target=target))
    with pytest.raises(InputRefused, match=BROKEN):
        probe(None, path)


def test_a_picture_of_huge_dimensions(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    path = tmp_path / "v.png"
    data = b"IDAT" + zlib.compress(b"\0" * 1000)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
        + struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    )  # fmt: skip
    with pytest.raises(InputRefused) as caught:
        probe(None, path)
    assert caught.value.message_zh in (TOO_LARGE_PICTURE, BROKEN)


def test_what_never_ends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "v.mp4")
    monkeypatch.setattr(module, "_MAX_SECONDS", 1)
    with pytest.raises(InputRefused, match=TOO_LONG):
        probe(None, path)


@pytest.fixture
async def prober() -> AsyncIterator[MediaProber]:
    prober = MediaProber()
    yield prober
    await prober.aclose()


async def test_the_worker_tells_the_same(tmp_path: Path, prober: MediaProber) -> None:
    path = write_video(tmp_path / "v.mp4")
    assert await prober.probe(path) == probe(None, path)
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(InputRefused, match=EMPTY):
        await prober.probe(empty)
