"""A video as it is read: its pictures with their times, and its sound as it lies in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeAlias

import av
from av.container import InputContainer

from kit.engines import InputRefused
from services.video.engines.yuv_tables.clips.frames import Colours, colours_of, shown_size, turn_of, upright_planes
from services.video.engines.yuv_tables.keyer.planes import Planes, Size
from services.video.media.opening import opened

WHAT = "视频"
NO_PICTURES = "视频文件没有画面"

_SAMPLES = 8
_FEW_SAMPLES = 4
_SAMPLED_FRAMES, _SAMPLED_EVERY = 9, 2
_DEFAULT_RATE = Fraction(25)
_RATES = (Fraction(1), Fraction(120))


@dataclass(frozen=True, slots=True)
class Footage:
    """What all pictures of a video have in common. `coded` is width and height before turning.

    `pixel_shape` is the width of a shown pixel by its height. `duration_s` is what the header says, 0 for nothing.
    """

    coded: tuple[int, int]
    size: Size
    rate: Fraction
    time_base: Fraction
    pixel_shape: Fraction
    colours: Colours
    duration_s: float


@dataclass(frozen=True, slots=True)
class Picture:
    """`time` is in units of the footage's time base, from the first picture on, and grows."""

    planes: Planes
    time: int


@dataclass(frozen=True, slots=True)
class Sound:
    """A packet; its times are those of the file less those of the first picture."""

    packet: av.Packet[Any]


Part: TypeAlias = Picture | Sound


class VideoReader:
    """Reads an opened container once."""

    def __init__(self, container: InputContainer, footage: Footage) -> None:
        self._pictures = _pictures_of(container)
        self._pictures.thread_type = "AUTO"
        self._container = container
        self._footage = footage
        sound = container.streams.best("audio")
        self.sound = sound if isinstance(sound, av.AudioStream) else None
        self._start: Fraction | None = None
        self._last = -1

    def parts(self) -> Iterator[Part]:
        """Pictures and sound as they lie beside each other. Raises FFmpegError for what cannot be decoded."""
        streams = [stream for stream in (self._pictures, self.sound) if stream is not None]
        waiting: list[av.Packet[Any]] = []
        for packet in self._container.demux(streams):
            if packet.stream.index == self._pictures.index:
                for frame in packet.decode():
                    if isinstance(frame, av.VideoFrame):
                        yield self._picture(frame)
            elif packet.dts is not None:
                # Before the first picture it is not known what their times count from.
                waiting.append(packet)
            if self._start is not None:
                yield from (self._sound(early) for early in waiting)
                waiting.clear()

    def _picture(self, frame: av.VideoFrame) -> Picture:
        unit = self._footage.time_base
        expected = self._last + max(1, round(1 / (self._footage.rate * unit)))
        if self._start is None:
            self._start = (frame.pts or 0) * unit
        time = expected if frame.pts is None else round((frame.pts * unit - self._start) / unit)
        self._last = max(time, self._last + 1)
        return Picture(upright_planes(frame, self._footage.coded, colours=self._footage.colours), self._last)

    def _sound(self, packet: av.Packet[Any]) -> Sound:
        assert self._start is not None and packet.dts is not None
        shift = round(self._start / packet.time_base)
        packet.pts = (packet.dts if packet.pts is None else packet.pts) - shift
        packet.dts -= shift
        return Sound(packet)


def look_at(path: Path) -> Footage:
    """Raises InputRefused for a file without pictures."""
    with opened(path, WHAT) as container:
        stream = _pictures_of(container)
        frame = next(container.decode(stream), None)
        if frame is None:
            raise InputRefused(NO_PICTURES)
        shape = stream.sample_aspect_ratio or Fraction(1)
        rate = stream.average_rate or stream.guessed_rate or _DEFAULT_RATE
        return Footage(
            coded=(frame.width, frame.height),
            size=shown_size(frame),
            rate=min(max(Fraction(rate), _RATES[0]), _RATES[1]),
            time_base=stream.time_base or 1 / _DEFAULT_RATE,
            pixel_shape=1 / shape if turn_of(frame) % 180 else shape,
            colours=colours_of(frame),
            duration_s=container.duration / av.time_base if container.duration else 0.0,
        )


def samples(path: Path, footage: Footage) -> list[Planes]:
    """A few pictures from all over a video: where it can be entered, or else from its beginning."""
    with opened(path, WHAT) as container:
        stream = _pictures_of(container)
        found = _at_entries(container, stream, footage)
        return found if len(found) >= _FEW_SAMPLES else _from_beginning(container, stream, footage)


def _at_entries(container: InputContainer, stream: av.VideoStream, footage: Footage) -> list[Planes]:
    found: list[Planes] = []
    entries: set[int | None] = set()
    for index in range(_SAMPLES):
        container.seek(int(footage.duration_s * index / _SAMPLES * av.time_base))
        packets = container.demux(stream)
        first = next(packets, None)
        # Known before anything is decoded: many videos can be entered at few places.
        if first is None or first.dts in entries:
            continue
        entries.add(first.dts)
        frames = (frame for packet in chain((first,), packets) for frame in packet.decode())
        found += [_kept(frame, footage) for frame in islice(frames, 1) if isinstance(frame, av.VideoFrame)]
    return found


def _from_beginning(container: InputContainer, stream: av.VideoStream, footage: Footage) -> list[Planes]:
    # Those that no other picture is made of are many, and as good as their neighbours.
    stream.codec_context.skip_frame = "NONREF"
    container.seek(0)
    frames = islice(container.decode(stream), 0, _SAMPLED_FRAMES, _SAMPLED_EVERY)
    return [_kept(frame, footage) for frame in frames]


def _kept(frame: av.VideoFrame, footage: Footage) -> Planes:
    return upright_planes(frame, footage.coded, colours=footage.colours)


def _pictures_of(container: InputContainer) -> av.VideoStream:
    stream = container.streams.best("video")
    if not isinstance(stream, av.VideoStream):
        raise InputRefused(NO_PICTURES)
    return stream
