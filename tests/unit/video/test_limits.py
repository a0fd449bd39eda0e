"""The documented limits of a render."""

from __future__ import annotations

from datetime import timedelta

from services.video.domain.limits import FACE_VIDEO, REFERENCE_IMAGE, VOICE_AUDIO

_MEBIBYTE = 1024 * 1024


def test_video() -> None:
    assert FACE_VIDEO.formats == ("mp4", "avi", "mov")
    assert FACE_VIDEO.max_size_bytes == 300 * _MEBIBYTE
    assert (FACE_VIDEO.min_duration, FACE_VIDEO.max_duration) == (timedelta(seconds=2), timedelta(seconds=120))
    assert (FACE_VIDEO.min_frames_per_second, FACE_VIDEO.max_frames_per_second) == (15, 60)


def test_audio() -> None:
    assert VOICE_AUDIO.formats == ("wav", "mp3", "aac")
    assert VOICE_AUDIO.max_size_bytes == 30 * _MEBIBYTE
    assert (VOICE_AUDIO.min_duration, VOICE_AUDIO.max_duration) == (timedelta(seconds=2), timedelta(seconds=120))


def test_image() -> None:
    assert set(REFERENCE_IMAGE.formats) == {"jpeg", "jpg", "png", "bmp", "webp"}
    assert REFERENCE_IMAGE.max_size_bytes == 10 * _MEBIBYTE
