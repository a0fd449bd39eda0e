"""The finished video: H.264 and the sound of the source in an MP4 that plays while it loads."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av
from av.video.reformatter import ColorRange

from kit.content_label import METADATA_KEY, ContentLabel
from services.video.engines.yuv_tables.clips.reader import Footage
from services.video.media.threads import codec_threads

PICTURE_OPTIONS = {"preset": "veryfast", "crf": "20"}
_FLAGS = "+faststart+use_metadata_tags"
_COPIED_CODECS = ("aac", "mp3")  # every player of MP4 has them
_SOUND_RATE, _SOUND_LAYOUT, _SOUND_BITS = 48_000, "stereo", 128_000


class VideoWriter:
    """Takes pictures and sound in the order of their times, roughly."""

    def __init__(self, target: Path, footage: Footage, sound: av.AudioStream | None, *, label: ContentLabel) -> None:
        self._stack = ExitStack()
        self._output = self._stack.enter_context(av.open(str(target), "w", format="mp4", options={"movflags": _FLAGS}))
        self._output.metadata[METADATA_KEY] = label.to_json()
        self._pictures = _picture_stream(self._output, footage)
        self._unit = footage.time_base
        self._is_copied = sound is not None and sound.codec_context.codec.canonical_name in _COPIED_CODECS
        self._sound = None if sound is None else self._sound_stream(sound)
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def add_picture(self, frame: av.VideoFrame, time: int) -> None:
        """`time` in the footage's units."""
        frame.pts, frame.time_base = time, self._unit
        self._end = time
        self._output.mux(self._pictures.encode(frame))

    def add_sound(self, packet: av.Packet[Any]) -> None:
        if self._sound is None:
            return
        if self._is_copied:
            packet.stream = self._sound
            self._output.mux(packet)
            return
        for frame in packet.decode():
            if isinstance(frame, av.AudioFrame):
                self._output.mux(self._sound.encode(frame))

    def finish(self) -> Fraction:
        """Writes what is still held back; answers when the last picture begins, in seconds."""
        self._output.mux(self._pictures.encode(None))
        if self._sound is not None and not self._is_copied:
            self._output.mux(self._sound.encode(None))
        return self._end * self._unit

    def _sound_stream(self, source: av.AudioStream) -> av.AudioStream:
        if self._is_copied:
            return self._output.add_stream_from_template(source)
        stream = self._output.add_stream("aac", rate=_SOUND_RATE, layout=_SOUND_LAYOUT)
        assert isinstance(stream, av.AudioStream)
        stream.bit_rate = _SOUND_BITS
        return stream


def _picture_stream(output: av.container.OutputContainer, footage: Footage) -> av.VideoStream:
    stream = output.add_stream("libx264", rate=footage.rate, options=PICTURE_OPTIONS)
    size, colours = footage.size, footage.colours
    stream.width, stream.height, stream.pix_fmt = size.width, size.height, "yuv420p"
    context = stream.codec_context
    context.thread_count = codec_threads()
    context.time_base = footage.time_base
    context.sample_aspect_ratio = footage.pixel_shape
    context.color_range = ColorRange.MPEG
    context.colorspace, context.color_primaries, context.color_trc = colours.space, colours.primaries, colours.transfer
    return stream
