"""Tiny media files of every documented kind, made when they are asked for."""

from __future__ import annotations

import io
from dataclasses import dataclass

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from numpy.typing import NDArray

FloatSamples = NDArray[np.float32]
_PICTURES = 10
_WIDTH, _HEIGHT = 64, 48


@dataclass(frozen=True, slots=True)
class MediaKind:
    """How FFmpeg is told to make a kind of file. Without a video codec it is audio, without an audio codec silent."""

    container: str
    audio_codec: str = ""
    video_codec: str = ""
    rate: int = 16_000
    layout: str = "mono"


# All documented formats but Speex (see `speex`: FFmpeg comes without an encoder) and bare PCM, which needs none.
KINDS = {
    "wav": MediaKind("wav", "pcm_s16le"),
    "mp3": MediaKind("mp3", "libmp3lame"),
    "aac": MediaKind("adts", "aac"),
    "m4a": MediaKind("ipod", "aac"),
    "flac": MediaKind("flac", "flac"),
    "opus": MediaKind("ogg", "libopus", rate=48_000),
    "amr": MediaKind("amr", "libopencore_amrnb", rate=8_000),
    "mp4": MediaKind("mp4", "aac", "libx264"),
    "avi": MediaKind("avi", "libmp3lame", "mpeg4"),
    "mov": MediaKind("mov", "aac", "libx264"),
    "mkv": MediaKind("matroska", "libopus", "libx264", rate=48_000),
    "wmv": MediaKind("asf", "wmav2", "wmv2", rate=44_100, layout="stereo"),
    "flv": MediaKind("flv", "libmp3lame", "flv", rate=44_100),
}


def tone(rate: int, *, duration_s: float = 1.0, frequency: float = 440.0) -> FloatSamples:
    """A sine at a third of full scale."""
    moments = np.arange(int(rate * duration_s)) / rate
    return (np.sin(moments * frequency * np.float32(2 * np.pi)) / 3).astype(np.float32)


def make_media(kind: MediaKind, samples: FloatSamples | None = None) -> bytes:
    """A file of this kind with these samples at its rate, by default a second of a tone."""
    if samples is None:
        samples = tone(kind.rate)
    target = io.BytesIO()
    with av.open(target, mode="w", format=kind.container) as output:
        video = _video_stream(output.add_stream(kind.video_codec, rate=_PICTURES)) if kind.video_codec else None
        audio = _audio_stream(output.add_stream(kind.audio_codec, rate=kind.rate), kind) if kind.audio_codec else None
        for number in range(_PICTURES if video is not None else 0):
            picture = np.full((_HEIGHT, _WIDTH, 3), number * 20, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            output.mux(video.encode(frame) if video is not None else [])
        if video is not None:
            output.mux(video.encode(None))
        if audio is not None:
            # The encoder would not take a frame without samples.
            output.mux(audio.encode(_audio_frame(samples, kind)) if len(samples) else [])
            output.mux(audio.encode(None))
    return target.getvalue()


def bare_pcm(samples: FloatSamples) -> bytes:
    """16-bit samples without a header."""
    return (samples * 32767).astype("<i2").tobytes()


def _video_stream(stream: object) -> VideoStream:
    assert isinstance(stream, VideoStream)
    stream.width, stream.height, stream.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
    return stream


def _audio_stream(stream: object, kind: MediaKind) -> AudioStream:
    assert isinstance(stream, AudioStream)
    stream.layout = kind.layout
    stream.bit_rate = 12_200 if kind.container == "amr" else 64_000
    return stream


def _audio_frame(samples: FloatSamples, kind: MediaKind) -> av.AudioFrame:
    planes = np.stack([samples] * (2 if kind.layout == "stereo" else 1))
    frame = av.AudioFrame.from_ndarray(planes, "fltp", kind.layout)
    frame.sample_rate, frame.pts = kind.rate, 0
    return frame
