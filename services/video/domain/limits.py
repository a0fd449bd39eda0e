"""What a render takes (platform contract, 6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

_MEBIBYTE = 1024 * 1024
_SHORTEST = timedelta(seconds=2)
_LONGEST = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """Limits of one kind of input. Still images have neither durations nor frames; audio has no frames. `sides` are the
    fewest and the most pixels of each side; None for what an engine does not restrict."""

    formats: tuple[str, ...]
    max_size_bytes: int
    min_duration: timedelta | None = None
    max_duration: timedelta | None = None
    min_frames_per_second: int = 0
    max_frames_per_second: int = 0
    sides: tuple[int, int] | None = None


FACE_VIDEO = MediaLimits(
    formats=("mp4", "avi", "mov"),
    max_size_bytes=300 * _MEBIBYTE,
    min_duration=_SHORTEST,
    max_duration=_LONGEST,
    min_frames_per_second=15,
    max_frames_per_second=60,
)
VOICE_AUDIO = MediaLimits(
    formats=("wav", "mp3", "aac"),
    max_size_bytes=30 * _MEBIBYTE,
    min_duration=_SHORTEST,
    max_duration=_LONGEST,
)
REFERENCE_IMAGE = MediaLimits(formats=("jpeg", "jpg", "png", "bmp", "webp"), max_size_bytes=10 * _MEBIBYTE)
BACKGROUND_FORMATS = (*REFERENCE_IMAGE.formats, *FACE_VIDEO.formats)
"""What can stand behind people: an image or a video."""
