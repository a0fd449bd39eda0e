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
from services.video.media.threads import codec_threads

WHAT = "视频"
NO_PICTURES = "视频文件没有画面"

_SAMPLES = 8
_FEW_SAMPLES = 4
_SAMPLED_PICTURES, _SAMPLED_EVERY = 9, 2
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
    """Reads an opened container once. Raises InputRefused for one without pictures."""

    def __init__(self, container: InputContainer) -> None:
        pictures = _pictures_of(container)
        pictures.thread_type = "AUTO"
        pictures.codec_context.thread_count = codec_threads()
        sound = container.streams.best("audio")
        self.sound = sound if isinstance(sound, av.AudioStream) else None
        self._decoded = _decoded(container, pictures, self.sound)
        # Before the first picture it is not known what the times of sound count from.
        self._early: list[av.Packet[Any]] = []
        self._first = self._to_first_picture()
        self.footage = _footage(container, pictures, self._first)
        self._start = (self._first.pts or 0) * self.footage.time_base
        self._last = -1

    def parts(self) -> Iterator[Part]:
        """Pictures and sound as they lie beside each other. Raises FFmpegError for what cannot be decoded."""
        for item in chain((self._first,), self._early, self._decoded):
            yield self._picture(item) if isinstance(item, av.VideoFrame) else self._sound(item)

    def _to_first_picture(self) -> av.VideoFrame:
        for item in self._decoded:
            if isinstance(item, av.VideoFrame):
                return item
            self._early.append(item)
        raise InputRefused(NO_PICTURES)

    def _picture(self, frame: av.VideoFrame) -> Picture:
        unit = self.footage.time_base
        expected = self._last + max(1, round(1 / (self.footage.rate * unit)))
        time = expected if frame.pts is None else round((frame.pts * unit - self._start) / unit)
        self._last = max(time, self._last + 1)
        return Picture(_kept(frame, self.footage), self._last)

    def _sound(self, packet: av.Packet[Any]) -> Sound:
        assert packet.dts is not None
        shift = round(self._start / packet.time_base)
        packet.pts = (packet.dts if packet.pts is None else packet.pts) - shift
        packet.dts -= shift
        return Sound(packet)


def _decoded(
    container: InputContainer, pictures: av.VideoStream, sound: av.AudioStream | None
) -> Iterator[av.VideoFrame | av.Packet[Any]]:
    """Pictures, and packets of sound that have a time."""
    for packet in container.demux([stream for stream in (pictures, sound) if stream is not None]):
        if packet.stream.index == pictures.index:
            yield from (frame for frame in packet.decode() if isinstance(frame, av.VideoFrame))
        elif packet.dts is not None:
            yield packet


def _footage(container: InputContainer, stream: av.VideoStream, frame: av.VideoFrame) -> Footage:
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


def samples_at_entries(path: Path, footage: Footage) -> list[Planes]:
    """A few pictures from all over a video, one from each place where it can be entered; none if these are too few."""
    with opened(path, WHAT) as container:
        stream = _pictures_of(container)
        entries: dict[int | None, float] = {}
        for index in range(_SAMPLES):
            time = footage.duration_s * index / _SAMPLES
            container.seek(int(time * av.time_base))
            packet = next(container.demux(stream), None)
            if packet is not None:
                entries.setdefault(packet.dts, time)
        # Known before anything is decoded: many videos can be entered at few places.
        if len(entries) < _FEW_SAMPLES:
            return []
        return [_kept(frame, footage) for time in entries.values() for frame in _entered(container, stream, time)]


def _entered(container: InputContainer, stream: av.VideoStream, time_s: float) -> Iterator[av.VideoFrame]:
    container.seek(int(time_s * av.time_base))
    return islice(container.decode(stream), 1)


def early_samples(parts: Iterator[Part]) -> tuple[list[Part], list[Planes]]:
    """The beginning of the parts, which this takes, and a few pictures of it."""
    taken: list[Part] = []
    pictures: list[Planes] = []
    for part in parts:
        taken.append(part)
        if isinstance(part, Picture):
            pictures.append(part.planes)
        if len(pictures) == _SAMPLED_PICTURES:
            break
    return taken, pictures[::_SAMPLED_EVERY]


def _kept(frame: av.VideoFrame, footage: Footage) -> Planes:
    return upright_planes(frame, footage.coded, colours=footage.colours)


def _pictures_of(container: InputContainer) -> av.VideoStream:
    stream = container.streams.best("video")
    if not isinstance(stream, av.VideoStream):
        raise InputRefused(NO_PICTURES)
    return stream
