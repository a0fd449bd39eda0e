"""From files to a file, with the real models and a drawn face."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from kit.content_label import METADATA_KEY, ContentLabel
from kit.engines import InputRefused
from services.video.engines.mesh_warp.clips.video_reader import look_at, pictures
from services.video.engines.mesh_warp.clips.voice_reader import read_voice
from services.video.engines.mesh_warp.faces.points import opening_of
from services.video.engines.mesh_warp.faces.tracker import FaceModels
from services.video.engines.mesh_warp.picture import picture_of
from services.video.engines.mesh_warp.pipeline import SpeakingOrder, speak
from services.video.engines.mesh_warp.voice.curve import mouth_curve
from services.video.engines.mesh_warp.voice.features import SAMPLE_RATE
from tests.fakes.face_clip import Bytes, draw_face, spoken, write_clip, write_face_clip, write_voice

pytestmark = pytest.mark.model

WALL = np.full((160, 160, 3), (170, 160, 150), np.uint8)


def _order(folder: Path, *, video: Path | None = None, voice_s: float = 2.0) -> SpeakingOrder:
    return SpeakingOrder(
        video=video or write_face_clip(folder / "video.mp4"),
        voice=write_voice(folder / "voice.wav", spoken(voice_s)),
        ref_image=None,
        target=folder / "result.mp4",
        scratch=folder / "scratch",
        is_looped=False,
        label=ContentLabel("Voxreel", "task-1"),
    )


def _openings(models: FaceModels, path: Path) -> list[float]:
    readings = []
    for picture in pictures(path, Fraction(25)):
        [face] = models.all_faces(picture)
        readings.append(opening_of(face.points))
    return readings


def test_the_lips_follow_the_voice(models: FaceModels, folder: Path) -> None:
    order = _order(folder)
    assert speak(models, order) == 2000
    measured = _openings(models, order.target)
    wanted = mouth_curve(read_voice(order.voice, SAMPLE_RATE), pictures=50, per_second=25.0).opening
    assert np.corrcoef(wanted, measured)[0, 1] > 0.9
    with av.open(str(order.target)) as result:
        [picture], [sound] = result.streams.video, result.streams.audio
        assert (picture.codec_context.name, picture.pix_fmt, picture.frames) == ("h264", "yuv420p", 50)
        assert sound.codec_context.name == "aac"
        assert float(sound.duration * sound.time_base) == pytest.approx(2.0, abs=0.06)
        assert result.metadata[METADATA_KEY] == order.label.to_json()
    written = order.target.read_bytes()
    assert 0 < written.index(b"moov") < written.index(b"mdat")


@pytest.mark.parametrize(("is_looped", "returns"), [(True, True), (False, False)])
def test_a_short_video_lasts_as_long_as_the_voice(
    models: FaceModels, folder: Path, is_looped: bool, returns: bool
) -> None:
    """The face drifts to the right: forth and back it ends where it began, held it ends at the right."""
    video = write_clip(folder / "drift.mp4", [draw_face(shift=number / 300) for number in range(16)], rate=15)
    order = replace(_order(folder, video=video), is_looped=is_looped)
    assert speak(models, order) == 2000
    shown = [p.luma.astype(int) for p in pictures(order.target, Fraction(15))]
    assert len(shown) == 30
    first, last = (picture_of(draw_face(shift=shift)).luma[:80] for shift in (1 / 300, 15 / 300))
    near = first if returns else last
    far = last if returns else first
    assert np.abs(shown[-1][:80] - near).mean() < 0.7 * np.abs(shown[-1][:80] - far).mean()


def test_a_long_video_ends_with_the_voice(models: FaceModels, folder: Path) -> None:
    order = _order(folder, video=write_face_clip(folder / "long.mp4", seconds=3.0))
    assert speak(models, order) == 2000


@pytest.mark.parametrize("missing", [0.2, 0.6, 1.0])
def test_pictures_without_a_face_pass_up_to_a_share(models: FaceModels, folder: Path, missing: float) -> None:
    empty = round(50 * missing)
    shown: list[Bytes] = [draw_face()] * (50 - empty) + [WALL] * empty
    order = _order(folder, video=write_clip(folder / "gone.mp4", shown))
    if missing < 0.4:
        assert speak(models, order) == 2000
        *_, last = pictures(order.target, Fraction(25))
        assert np.abs(last.luma.astype(int) - picture_of(WALL).luma).max() < 12
        return
    with pytest.raises(InputRefused) as refused:
        speak(models, order)
    shares = "60% 的画面没有清晰的正脸（最多允许 40%）"
    assert ("未检测到清晰的正脸" if missing == 1.0 else shares) in refused.value.message_zh


def test_a_reference_without_a_face_is_refused(models: FaceModels, folder: Path) -> None:
    image = folder / "wall.png"
    for content, message in ((WALL, "参考图片中未检测到"), (None, "参考图片已损坏")):
        if content is None:
            image.write_bytes(b"no picture")
        else:
            cv2.imwrite(str(image), content)
        with pytest.raises(InputRefused, match=message):
            speak(models, replace(_order(folder), ref_image=image))


def test_broken_files_are_refused(models: FaceModels, folder: Path) -> None:
    order = _order(folder)
    broken = folder / "broken.mp4"
    broken.write_bytes(order.video.read_bytes()[:700])
    with pytest.raises(InputRefused, match="视频文件"):
        speak(models, replace(order, video=broken))
    with pytest.raises(InputRefused, match="音频文件"):
        speak(models, replace(order, voice=broken))
    with pytest.raises(InputRefused, match="音频文件没有声音"):
        speak(models, replace(order, voice=order.video))
    playlist = folder / "list.mp4"
    playlist.write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")
    with pytest.raises(InputRefused, match="视频文件"):
        speak(models, replace(order, video=playlist))


def test_uneven_times_and_odd_sizes_are_evened(folder: Path) -> None:
    path = folder / "uneven.mov"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 61, 47, "yuv444p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, time_ms in enumerate((0, 40, 240, 280)):
            frame = av.VideoFrame.from_ndarray(np.full((47, 61, 3), 50 * number, np.uint8), format="rgb24")
            frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    look = look_at(path)
    assert (look.width, look.height) == (60, 46)
    levels = [round(p.luma.mean()) for p in pictures(path, Fraction(25))]
    # The second picture lasts five times as long as the others.
    assert [round((level - 16) / 43) for level in levels] == [0, 1, 1, 1, 1, 1, 2, 3]
