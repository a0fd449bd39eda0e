"""The pictures of a video at even distances."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import repeat
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import ColorRange

from kit.engines import InputRefused
from services.video.engines.mesh_warp.picture import Picture, upright
from services.video.media.opening import opened
from services.video.media.threads import codec_threads

_WHAT = "视频"
_RATES = (Fraction(15), Fraction(60))
_MAX_DENOMINATOR = 1001


@dataclass(frozen=True, slots=True)
class Colours:
    """How a decoder says its numbers are meant; the encoder repeats it."""

    space: int
    primaries: int
    transfer: int


@dataclass(frozen=True, slots=True)
class Look:
    """What all pictures of a video have in common. `pixel_shape` is the width of a pixel over its height;
    `duration_s` is what its header says, 0 for nothing."""

    width: int
    height: int
    pixel_shape: Fraction
    rate: Fraction
    duration_s: float
    colours: Colours


def look_at(path: Path) -> Look:
    """Raises InputRefused for a file without pictures."""
    with opened(path, _WHAT) as container:
        stream = _stream_of(container)
        frame = next(container.decode(stream), None)
        if frame is None:
            raise InputRefused("视频文件没有画面")
        picture = _picture_of(frame)
        colours = Colours(int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc))
        return Look(
            width=picture.width,
            height=picture.height,
            pixel_shape=_pixel_shape(stream, frame),
            rate=_rate_of(stream),
            duration_s=_duration_of(container),
            colours=colours,
        )


def pictures(path: Path, rate: Fraction) -> Iterator[Picture]:
    """Every picture, upright, as often as its time lasts at that rate. Raises InputRefused for broken files."""
    with opened(path, _WHAT) as container:
        stream = _stream_of(container)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = codec_threads()
        start, shown = 0.0, 0
        last: Picture | None = None
        for frame in container.decode(stream):
            time = frame.time if frame.time is not None else start + shown / float(rate)
            if last is None:
                start = time
            else:
                # The picture before lasts until this one begins.
                until = round((time - start) * float(rate))
                yield from repeat(last, until - shown)
                shown = max(shown, until)
            last = _picture_of(frame)
        if last is not None:
            yield last


def _stream_of(container: InputContainer) -> av.VideoStream:
    stream = container.streams.best("video")
    if not isinstance(stream, av.VideoStream):
        raise InputRefused("视频文件没有画面")
    return stream


def _rate_of(stream: av.VideoStream) -> Fraction:
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    slowest, fastest = _RATES
    return min(max(Fraction(rate).limit_denominator(_MAX_DENOMINATOR), slowest), fastest)


def _pixel_shape(stream: av.VideoStream, frame: av.VideoFrame) -> Fraction:
    shape = Fraction(stream.sample_aspect_ratio or 1)
    return 1 / shape if round(frame.rotation) % 180 else shape


def _duration_of(container: InputContainer) -> float:
    return container.duration / av.time_base if container.duration else 0.0


def _picture_of(frame: av.VideoFrame) -> Picture:
    even = frame.reformat(
        width=frame.width // 2 * 2, height=frame.height // 2 * 2, format="yuv420p", dst_color_range=ColorRange.MPEG
    )
    planes = np.asarray(even.to_ndarray(), dtype=np.uint8)
    return upright(Picture(planes), round(-frame.rotation) % 360)
