"""From file to file: pictures, times, shape and sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from kit.content_label import METADATA_KEY, ContentLabel
from kit.engines import InputRefused
from services.video.engines.yuv_tables.pipeline import ReplacementOrder, find_screen, replace_screen
from tests.fakes.screen_clip import RATE, Picture, studio, write_clip

BEACH = (220, 180, 140)
PERSON = (128, 128, 128)
FRAMES = 12


def _pictures(*, width: int = 160, height: int = 96, count: int = FRAMES) -> list[Picture]:
    """Somebody who walks to the right."""
    return [studio(width=width, height=height, at=0.3 + 0.3 * index / count) for index in range(count)]


def _write_beach(path: Path) -> Path:
    assert cv2.imwrite(str(path), np.full((50, 70, 3), BEACH[::-1], np.uint8))
    return path


def _replace(video: Path, background: Path | None = None) -> Path:
    folder = video.parent
    order = ReplacementOrder(
        video=video,
        background=background or _write_beach(folder / "beach.png"),
        target=folder / "result.mp4",
        color="green",
        similarity=0.4,
        blend=0.1,
        label=ContentLabel("Voxreel", "task-1"),
    )
    replace_screen(order)
    return order.target


def _shown(path: Path) -> list[tuple[float, Picture]]:
    """Times in seconds and pictures in RGB, as a player shows them but for turning."""
    with av.open(str(path)) as container:
        return [(frame.time or 0.0, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def _is_near(colour: Sequence[float], wanted: tuple[int, int, int], tolerance: float = 12) -> bool:
    return bool(np.abs(np.asarray(colour, float) - wanted).max() <= tolerance)


def _check_studio(picture: Picture) -> None:
    """The beach where the screen was, and the person before it."""
    height = picture.shape[0]
    assert _is_near(picture[4, 4], BEACH) and _is_near(picture[4, -4], BEACH)
    middle = picture[height * 2 // 3].astype(float)
    assert any(_is_near(pixel, PERSON) for pixel in middle)
    assert not any(pixel[1] - max(pixel[0], pixel[2]) > 25 for pixel in middle)


@pytest.mark.parametrize(
    ("name", "codec", "sound", "heard"),
    [("v.mp4", "libx264", "aac", "aac"), ("v.avi", "mpeg4", "mp3", "mp3"), ("v.mov", "libx264", "pcm_s16le", "aac")],
)
def test_the_person_stands_before_the_background_and_is_heard(
    tmp_path: Path, name: str, codec: str, sound: str, heard: str
) -> None:
    clip = write_clip(tmp_path / name, _pictures(), codec=codec, sound=sound)
    result = _replace(clip)
    shown = _shown(result)
    assert [round(time * RATE) for time, _ in shown] == [round(time * RATE) for time, _ in _shown(clip)]
    for _, picture in shown[:: FRAMES - 1]:
        _check_studio(picture)
    with av.open(str(result)) as container:
        assert container.metadata[METADATA_KEY] == ContentLabel("Voxreel", "task-1").to_json()
        assert [stream.codec_context.codec.canonical_name for stream in container.streams] == ["h264", heard]
        sounds = [frame.to_ndarray() for frame in container.decode(audio=0)]
    assert sum(part.shape[-1] for part in sounds) / (48_000 if sound == "pcm_s16le" else 16_000) == pytest.approx(
        FRAMES / RATE, abs=0.15
    )
    assert max(float(np.abs(part.astype(float)).max()) for part in sounds) > 0.1
    assert result.read_bytes().index(b"moov") < result.read_bytes().index(b"mdat")


def test_a_silent_video_stays_silent(tmp_path: Path) -> None:
    result = _replace(write_clip(tmp_path / "v.mp4", _pictures(), sound=""))
    with av.open(str(result)) as container:
        assert [stream.type for stream in container.streams] == ["video"]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_video_is_upright(tmp_path: Path, degrees: int) -> None:
    turned = [np.ascontiguousarray(np.rot90(picture, degrees // 90)) for picture in _pictures(count=3)]
    clip = write_clip(tmp_path / "v.mp4", turned, rotation=degrees)
    [(_, picture), *_rest] = _shown(_replace(clip))
    assert picture.shape == (96, 160, 3)
    _check_studio(picture)
    assert _is_near(picture[4, 80], BEACH) and _is_near(picture[90, 48], PERSON)


def test_odd_sizes_lose_a_row_and_a_column(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "v.avi", _pictures(width=161, height=97, count=3), codec="mpeg4")
    [(_, picture), *_rest] = _shown(_replace(clip))
    assert picture.shape == (96, 160, 3)
    _check_studio(picture)


def test_uneven_times_stay_as_they_are(tmp_path: Path) -> None:
    stamps = [0, 40, 80, 400, 440, 900, 940, 1000, 1500, 1540, 1580, 2000]
    result = _replace(write_clip(tmp_path / "v.mp4", _pictures(), stamps=stamps))
    assert [round(time * 1000) for time, _ in _shown(result)] == stamps


def test_a_short_background_video_begins_anew(tmp_path: Path) -> None:
    colours = [(200, 40, 40), (40, 40, 200), (220, 220, 60)]
    background = write_clip(tmp_path / "b.mp4", [np.full((64, 64, 3), c, np.uint8) for c in colours])
    shown = _shown(_replace(write_clip(tmp_path / "v.mp4", _pictures()), background))
    for index, (_, picture) in enumerate(shown):
        assert _is_near(picture[4, 4], colours[index % 3], 20), index


def test_backgrounds_are_cut_to_the_shape_not_squeezed(tmp_path: Path) -> None:
    wide = np.full((60, 400, 3), BEACH[::-1], np.uint8)
    wide[:, :140] = wide[:, 260:] = 0
    assert cv2.imwrite(str(tmp_path / "wide.png"), wide)
    [(_, picture), *_rest] = _shown(_replace(write_clip(tmp_path / "v.mp4", _pictures(count=2)), tmp_path / "wide.png"))
    assert _is_near(picture[4, 4], BEACH) and _is_near(picture[4, -4], BEACH)


def test_the_screen_is_found_by_its_colour(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "v.mp4", _pictures())
    assert find_screen(clip, "green").share == pytest.approx(0.83, abs=0.04)
    assert find_screen(clip, "blue").share == 0
    blue = write_clip(tmp_path / "b.mp4", [studio(color="blue", width=160, height=96)] * 3)
    assert find_screen(blue, "blue").share == pytest.approx(0.83, abs=0.04)


def test_a_long_video_is_looked_at_where_it_can_be_entered(tmp_path: Path) -> None:
    # Its screen comes into the picture after the beginning.
    pictures = [*[np.full((96, 160, 3), 128, np.uint8)] * 12, *_pictures(count=60)]
    clip = write_clip(tmp_path / "v.avi", pictures, codec="mpeg4", sound="")
    assert 0.5 < find_screen(clip, "green").share < 0.83
    shown = _shown(_replace(clip))
    assert len(shown) == len(pictures)
    _check_studio(shown[-1][1])


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


def _is_playlist(path: Path) -> None:
    path.write_text("#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n")


def _is_list_of_files(path: Path) -> None:
    path.write_text("ffconcat version 1.0\nfile /etc/passwd\n")


def _is_empty(path: Path) -> None:
    path.write_bytes(b"")


def _is_text(path: Path) -> None:
    path.write_text("not a video\n" * 50)


@pytest.mark.parametrize("spoil", [_truncated, _is_playlist, _is_list_of_files, _is_empty, _is_text])
@pytest.mark.parametrize("role", ["video", "background"])
def test_what_is_no_media_is_refused(tmp_path: Path, spoil: Callable[[Path], None], role: str) -> None:
    video, background = (write_clip(tmp_path / name, _pictures(count=3)) for name in ("v.mp4", "b.mp4"))
    spoil(video if role == "video" else background)
    with pytest.raises(InputRefused) as refused:
        _replace(video, background)
    assert ("视频" if role == "video" else "背景") in refused.value.message_zh


def test_sound_without_pictures_is_refused(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "v.mp4", _pictures(count=3))
    with av.open(str(clip)) as source, av.open(str(tmp_path / "a.mp4"), "w") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    with pytest.raises(InputRefused, match="没有画面"):
        find_screen(tmp_path / "a.mp4", "green")
