"""What a look into a media file tells."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """The pictures of a file. `width` and `height` are as shown, after `rotation` (degrees clockwise: 0, 90, 180, 270).

    frames_per_second is the mean over the whole track; is_rate_steady is false where frames lie at uneven distances.
    """

    width: int
    height: int
    rotation: int
    frames: int
    frames_per_second: float
    is_rate_steady: bool
    duration_s: float
    codec: str


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """The sound of a file."""

    sample_rate: int
    channels: int
    duration_s: float
    codec: str


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """A file that can be opened. A still image is a video of one frame."""

    container: str
    video: VideoFacts | None
    audio: AudioFacts | None
