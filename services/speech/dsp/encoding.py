"""From samples to files: WAV, MP3, bare PCM and Opus in Ogg."""

import io
import struct

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from kit.content_label import METADATA_KEY, ContentLabel

_BLOCK_SAMPLES = 1 << 15
_MP3_BIT_RATE = 96_000
_OPUS_BIT_RATE = 48_000
_PCM_FORMAT_TAG = 1
_SAMPLE_BYTES = 2


def encode_pcm(audio: NDArray[np.float32]) -> bytes:
    """Little-endian signed 16-bit mono samples without any header; it has no place for a label."""
    return (np.clip(audio, -1.0, 1.0) * 32767).round().astype("<i2").tobytes()


def encode_wav(audio: NDArray[np.float32], sample_rate: int, label: ContentLabel) -> bytes:
    """RIFF with 16-bit PCM; the label is an INFO chunk after the samples, so the header keeps its usual 44
    bytes.

    Written here because FFmpeg's muxer drops INFO keys it does not know.
    """
    samples = encode_pcm(audio)
    byte_rate = sample_rate * _SAMPLE_BYTES
    format_fields = struct.pack("<HHIIHH", _PCM_FORMAT_TAG, 1, sample_rate, byte_rate, _SAMPLE_BYTES, 8 * _SAMPLE_BYTES)
    text = label.to_json().encode("utf-8") + b"\0"
    info = b"INFO" + _riff_chunk(METADATA_KEY.encode("ascii"), text)
    chunks = _riff_chunk(b"fmt ", format_fields) + _riff_chunk(b"data", samples) + _riff_chunk(b"LIST", info)
    return _riff_chunk(b"RIFF", b"WAVE" + chunks)


def encode_mp3(audio: NDArray[np.float32], sample_rate: int, label: ContentLabel) -> bytes:
    """MP3 at 96 kbit/s with a gapless header; the label is an ID3v2 TXXX frame."""
    return _mux(audio, sample_rate, label, container="mp3", codec="libmp3lame", bit_rate=_MP3_BIT_RATE)


def encode_opus(audio: NDArray[np.float32], sample_rate: int, label: ContentLabel) -> bytes:
    """Opus at 48 kbit/s in Ogg; the label is a Vorbis comment."""
    return _mux(audio, sample_rate, label, container="ogg", codec="libopus", bit_rate=_OPUS_BIT_RATE)


def _riff_chunk(name: bytes, payload: bytes) -> bytes:
    return name + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2)


def _mux(
    audio: NDArray[np.float32],
    sample_rate: int,
    label: ContentLabel,
    *,
    container: str,
    codec: str,
    bit_rate: int,
) -> bytes:
    target = io.BytesIO()
    with av.open(target, mode="w", format=container) as output:
        output.metadata[METADATA_KEY] = label.to_json()
        stream = output.add_stream(codec, rate=sample_rate)
        if not isinstance(stream, AudioStream):
            raise TypeError(f"{codec} is not an audio codec")
        stream.layout = "mono"
        stream.bit_rate = bit_rate
        for start in range(0, len(audio), _BLOCK_SAMPLES):
            frame = av.AudioFrame.from_ndarray(audio[np.newaxis, start : start + _BLOCK_SAMPLES], "flt", "mono")
            frame.sample_rate = sample_rate
            frame.pts = start
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return target.getvalue()
