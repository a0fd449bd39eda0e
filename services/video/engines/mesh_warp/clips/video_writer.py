"""The finished video: H.264 and AAC in an MP4 that plays while it loads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
from av.video.reformatter import ColorRange

from kit.content_label import METADATA_KEY, ContentLabel
from services.video.engines.mesh_warp.clips.video_reader import Look
from services.video.engines.mesh_warp.picture import Picture
from services.video.media.threads import codec_threads

SOUND_RATE = 48_000
SOUND_LAYOUT = "stereo"

_SOUND_BITS = 128_000
_PICTURE_OPTIONS = {"preset": "veryfast", "crf": "20"}
_FLAGS = "+faststart+use_metadata_tags"


class VideoWriter:
    """Takes pictures one by one and puts the sound beside them."""

    def __init__(self, target: Path, look: Look, label: ContentLabel) -> None:
        self._stack = ExitStack()
        self._output = self._stack.enter_context(av.open(str(target), "w", format="mp4", options={"movflags": _FLAGS}))
        self._output.metadata[METADATA_KEY] = label.to_json()
        self._pictures = _picture_stream(self._output, look)
        sound = self._output.add_stream("aac", rate=SOUND_RATE, layout=SOUND_LAYOUT)
        assert isinstance(sound, av.AudioStream)
        sound.bit_rate = _SOUND_BITS
        self._sound = sound
        self._rate = look.rate
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def write(self, voice: Iterator[av.AudioFrame], pictures: Iterator[Picture]) -> int:
        """Writes everything, the sound not far from the pictures it belongs to; answers how many pictures."""
        heard = Fraction(0)
        for picture in pictures:
            self._add_picture(picture)
            while heard < self._count / self._rate and (frame := next(voice, None)) is not None:
                heard += Fraction(frame.samples, SOUND_RATE)
                self._add_sound(frame)
        for frame in voice:
            self._add_sound(frame)
        self._output.mux(self._pictures.encode(None))
        self._output.mux(self._sound.encode(None))
        return self._count

    def _add_picture(self, picture: Picture) -> None:
        frame = av.VideoFrame.from_ndarray(picture.planes, format="yuv420p")
        frame.pts, frame.time_base = self._count, 1 / self._rate
        self._count += 1
        self._output.mux(self._pictures.encode(frame))

    def _add_sound(self, frame: av.AudioFrame) -> None:
        frame.pts = None
        self._output.mux(self._sound.encode(frame))


def _picture_stream(output: av.container.OutputContainer, look: Look) -> av.VideoStream:
    stream = output.add_stream("libx264", rate=look.rate, options=_PICTURE_OPTIONS)
    stream.width, stream.height, stream.pix_fmt = look.width, look.height, "yuv420p"
    context = stream.codec_context
    context.thread_count = codec_threads()
    context.sample_aspect_ratio = look.pixel_shape
    context.color_range = ColorRange.MPEG
    context.colorspace = look.colours.space
    context.color_primaries = look.colours.primaries
    context.color_trc = look.colours.transfer
    return stream
