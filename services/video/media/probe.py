"""Reads the facts of a media file. Runs in a guarded worker: what it opens was made by strangers.

The file is opened as an object, so that no protocol of FFmpeg is involved and nothing but this file is read; only
demuxers on the list below are tried, so that a playlist is not followed and a script is not run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
from av.container import InputContainer

from kit.engines import InputRefused
from services.video.media.facts import AudioFacts, MediaFacts, VideoFacts
from services.video.media.opening import only

_DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm,flv,asf,wav,mp3,aac,flac,ogg,amr,w64,aiff,"
    "png_pipe,jpeg_pipe,bmp_pipe,webp_pipe,jpegls_pipe,webp_anim"
)
_MAX_PIXELS = 8192 * 8192
_MAX_SECONDS = 4 * 3600
_MAX_PACKETS = 2_000_000
_MAX_FAULTY_PACKETS = 32
_STEADY_TOLERANCE = 0.25  # of the usual distance between frames

BROKEN = "文件已损坏或不是支持的媒体文件"
EMPTY = "文件为空"
TOO_LARGE_PICTURE = "画面尺寸过大"
TOO_LONG = "媒体时长过长"


@dataclass(slots=True)
class _Track:
    """What the packets of one stream add up to; times in seconds."""

    packets: int = 0
    begin: float = math.inf
    end: float = -math.inf
    times: list[float] = field(default_factory=list)

    def add(self, packet: av.Packet[av.stream.Stream]) -> None:
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is None:
            return
        unit = packet.time_base
        begin = float(stamp * unit)
        self.packets += 1
        self.begin = min(self.begin, begin)
        self.end = max(self.end, begin + float((packet.duration or 0) * unit))
        self.times.append(begin)

    @property
    def seconds(self) -> float:
        return max(0.0, self.end - self.begin) if self.packets else 0.0


def probe(_tool: None, path: Path) -> MediaFacts:
    """The facts of a file, from every packet of it: what a header claims may be wrong.

    Raises InputRefused with a message of its own for each fault.
    """
    if path.stat().st_size == 0:
        raise InputRefused(EMPTY)
    try:
        with path.open("rb") as file, av.open(file, "r", container_options=only(_DEMUXERS)) as container:
            return _facts_of(container)
    except (av.FFmpegError, ValueError, EOFError) as error:
        raise InputRefused(BROKEN) from error


def _facts_of(container: InputContainer) -> MediaFacts:
    pictures = container.streams.best("video")
    sound = container.streams.best("audio")
    if pictures is None and sound is None:
        raise InputRefused(BROKEN)
    shown = None if pictures is None else _first_frame(container)
    tracks = _measure(container)
    return MediaFacts(
        container=container.format.name,
        video=None if pictures is None or shown is None else _video_facts(pictures, shown, tracks[pictures.index]),
        audio=None if sound is None else _audio_facts(sound, tracks[sound.index]),
    )


def _first_frame(container: InputContainer) -> av.VideoFrame:
    """Proves that there is a picture that can be decoded."""
    stream = container.streams.best("video")
    assert isinstance(stream, av.VideoStream)
    if stream.codec_context.width * stream.codec_context.height > _MAX_PIXELS:
        raise InputRefused(TOO_LARGE_PICTURE)
    frame = next(container.decode(stream), None)
    if not isinstance(frame, av.VideoFrame):
        raise InputRefused(BROKEN)
    if frame.width * frame.height > _MAX_PIXELS:
        raise InputRefused(TOO_LARGE_PICTURE)
    container.seek(0)
    return frame


def _measure(container: InputContainer) -> dict[int, _Track]:
    tracks = {stream.index: _Track() for stream in container.streams}
    seen = faulty = 0
    packets = container.demux()
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            faulty += 1
            if faulty > _MAX_FAULTY_PACKETS:
                raise
            continue
        if packet is None:
            return tracks
        seen += 1
        track = tracks[packet.stream.index]
        track.add(packet)
        if seen > _MAX_PACKETS or track.seconds > _MAX_SECONDS:
            raise InputRefused(TOO_LONG)


def _video_facts(stream: av.stream.Stream, shown: av.VideoFrame, track: _Track) -> VideoFacts:
    assert isinstance(stream, av.VideoStream)
    rotation = round(-shown.rotation) % 360
    is_upright = rotation % 180 == 0
    rate, is_steady = _frame_rate(track, stream.average_rate)
    return VideoFacts(
        width=shown.width if is_upright else shown.height,
        height=shown.height if is_upright else shown.width,
        rotation=rotation,
        frames=track.packets,
        frames_per_second=rate,
        is_rate_steady=is_steady,
        duration_s=track.packets / rate if is_steady and rate else track.seconds,
        codec=stream.codec_context.name,
    )


def _frame_rate(track: _Track, declared: Fraction | None) -> tuple[float, bool]:
    """Frames per second, and whether they lie at even distances."""
    times = sorted(track.times)
    if len(times) < 2 or times[-1] <= times[0]:
        return (float(declared) if declared else 0.0), True
    rate = (len(times) - 1) / (times[-1] - times[0])
    usual = 1.0 / rate
    is_steady = all(abs(later - earlier - usual) <= _STEADY_TOLERANCE * usual for earlier, later in pairwise(times))
    return rate, is_steady


def _audio_facts(stream: av.stream.Stream, track: _Track) -> AudioFacts:
    assert isinstance(stream, av.AudioStream)
    context = stream.codec_context
    return AudioFacts(context.sample_rate, context.channels, track.seconds, context.name)
