"""Small media files that are what they say they are."""

from __future__ import annotations

import io
import wave
import zlib
from functools import cache

import av
import numpy as np

from tests.fakes.face_clip import draw_face

_RATE = 16_000
_FRAMES = 75
_SIDE = 640
_VIDEO_SIDE = 160
_GREEN = (80, 160, 60)  # blue, green, red


@cache
def video() -> bytes:
    """An MP4 of three seconds of a face between two strips of a green screen."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height = 2 * _VIDEO_SIDE, _VIDEO_SIDE
        stream.pix_fmt = "yuv420p"
        strip = np.full((_VIDEO_SIDE, _VIDEO_SIDE // 2, 3), _GREEN, np.uint8)
        picture = np.hstack([strip, draw_face(_VIDEO_SIDE), strip])
        for _ in range(_FRAMES):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    return target.getvalue()


@cache
def sound() -> bytes:
    """A WAV of three seconds."""
    target = io.BytesIO()
    with wave.open(target, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(_RATE)
        tone = np.sin(np.arange(3 * _RATE) * 0.1) * 8000
        recording.writeframes(tone.astype("<i2").tobytes())
    return target.getvalue()


@cache
def picture() -> bytes:
    """A PNG of more than a megabyte, of the same face."""
    side = _SIDE.to_bytes(4, "big")
    rows = b"".join(b"\0" + row.tobytes() for row in draw_face(_SIDE)[..., ::-1])
    header = _chunk(b"IHDR", side + side + b"\x08\x02\0\0\0")
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(rows, 0)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")
