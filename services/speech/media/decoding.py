"""Decoding in the process that calls it, which should be one that can be spared: see `decoder`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from numpy.typing import NDArray

from services.speech.media.codecs import (
    BARE_PCM,
    BARE_PCM_DEMUXER,
    BARE_PCM_OPTIONS,
    CONTAINER_OPTIONS,
    DECODERS,
)
from services.speech.media.refusals import broken_media, empty_sound, film, no_audio_track, sound_too_long
from services.speech.media.sound import SAMPLE_TYPE, Sound, SoundOrder

# Shorter ones are the rounding of containers and the delay of codecs.
_LEAST_GAP_S = 0.1
_BLOCK_SAMPLES = 1 << 16
_MICROSECONDS = 1_000_000


class _Sink(Protocol):
    """Takes samples in their order, as bytes of SAMPLE_TYPE."""

    def write(self, data: bytes, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Beginning:
    """`samples`: float32, mono, shape (n,), the beginning of a file; `duration_ms`: of all the sound in it, counted."""

    samples: NDArray[np.float32]
    duration_ms: int


class _Head:
    """A `_Sink` that keeps the first `size` bytes."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.data = bytearray()

    def write(self, data: bytes, /) -> None:
        self.data += data[: self._size - len(self.data)]


class _Track:
    """The samples written so far. `order` bounds them."""

    def __init__(self, target: _Sink, order: SoundOrder) -> None:
        self._target = target
        self._order = order
        self.sample_count = 0
        self.source_rate = order.sample_rate

    @property
    def position_s(self) -> float:
        return self.sample_count / self._order.sample_rate

    def write(self, frames: list[av.AudioFrame]) -> None:
        for frame in frames:
            self._check_room(frame.samples)
            samples = np.nan_to_num(frame.to_ndarray()[0], nan=0.0, posinf=0.0, neginf=0.0)
            self._target.write(np.clip(samples, -1.0, 1.0).astype(SAMPLE_TYPE).tobytes())
            self.sample_count += frame.samples

    def rest_until(self, time_s: float) -> None:
        """Silence up to this time, so that what follows is heard when the media plays it."""
        gap_s = time_s - self.position_s
        if not _LEAST_GAP_S < gap_s <= self._order.max_duration_s:
            return
        missing = int(gap_s * self._order.sample_rate)
        self._check_room(missing)
        self.sample_count += missing
        while missing > 0:
            block = min(missing, _BLOCK_SAMPLES)
            self._target.write(bytes(block * SAMPLE_TYPE.itemsize))
            missing -= block

    def _check_room(self, samples: int) -> None:
        if self.sample_count + samples > self._order.max_samples:
            raise sound_too_long(self._order.max_duration_s)


def decode(_tool: None, source: Path, target: Path, order: SoundOrder) -> Sound:
    """Writes the sound of `source` to the new file `target`. Only bytes of `source` are read, whatever it refers to.

    Of several tracks the main one is taken; damaged stretches are left out. A file called `.pcm` is taken as 16-bit
    little-endian mono at 16 kHz. Raises InputRefused.
    """
    if source.stat().st_size == 0:
        raise empty_sound()
    with target.open("xb") as samples:
        track = _Track(samples, order)
        _decode_file(source, track, order, check=_take_anything)
        return Sound(target, order.sample_rate, track.sample_count, track.source_rate)


def decode_beginning(source: Path, *, seconds: float, order: SoundOrder) -> Beginning:
    """The first `seconds` of a recording, at the rate of `order`; reads all of it. Otherwise as `decode`; a film is
    refused, too.
    """
    head = _Head(round(seconds * order.sample_rate) * SAMPLE_TYPE.itemsize)
    track = _Track(head, order)
    _decode_file(source, track, order, check=_refuse_films)
    return Beginning(np.frombuffer(head.data, SAMPLE_TYPE), round(track.position_s * 1000))


def _decode_file(source: Path, track: _Track, order: SoundOrder, *, check: Callable[[InputContainer], None]) -> None:
    with source.open("rb") as media:
        try:
            with _open(media, source.suffix.removeprefix(".")) as container:
                check(container)
                is_damaged = _decode_track(container, track, order.sample_rate)
        except (av.FFmpegError, MemoryError, ValueError) as error:
            raise broken_media() from error
    if track.sample_count == 0:
        raise broken_media() if is_damaged else empty_sound()


def _take_anything(_container: InputContainer) -> None:
    """Films have sound, too."""


def _refuse_films(container: InputContainer) -> None:
    for picture in container.streams.video:
        # Songs carry their cover as a picture that does not move.
        if Disposition.attached_pic not in picture.disposition:
            raise film()


def _open(media: BinaryIO, extension: str) -> InputContainer:
    if extension == BARE_PCM:
        return av.open(media, mode="r", format=BARE_PCM_DEMUXER, container_options=BARE_PCM_OPTIONS)
    return av.open(media, mode="r", container_options=CONTAINER_OPTIONS)


def _decode_track(container: InputContainer, track: _Track, sample_rate: int) -> bool:
    """Writes the main track of sound; answers whether stretches of it could not be decoded.

    Raises InputRefused when most of it could not.
    """
    stream = _main_stream(container)
    resampler = av.AudioResampler(format="flt", layout="mono", rate=sample_rate)
    origin_s = (container.start_time or 0) / _MICROSECONDS
    decoded = damaged = 0
    for packet in _packets(container, stream):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            damaged += 1
            continue
        for frame in frames:
            decoded += 1
            track.source_rate = frame.sample_rate
            if frame.time is not None:
                track.rest_until(frame.time - origin_s)
            track.write(resampler.resample(frame))
    track.write(resampler.resample(None))
    if damaged > decoded:
        raise broken_media()
    return damaged > 0


def _main_stream(container: InputContainer) -> AudioStream:
    stream = container.streams.best("audio")
    if not isinstance(stream, AudioStream):
        raise no_audio_track()
    if stream.codec_context is None or stream.codec_context.codec.name not in DECODERS:
        raise broken_media()
    stream.codec_context.thread_count = 1
    return stream


def _packets(container: InputContainer, stream: AudioStream) -> Iterator[av.Packet[AudioStream]]:
    """What can be read of the track: a file that was cut off ends where it was cut."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return
        if packet is None:
            return
        yield packet
