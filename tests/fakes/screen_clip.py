"""Somebody before a screen, as planes and as small files: flat patches of known colours."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Rgb: TypeAlias = tuple[int, int, int]
Picture: TypeAlias = NDArray[np.uint8]

LIT: Mapping[str, Rgb] = MappingProxyType({"green": (60, 160, 80), "blue": (30, 60, 190)})
SHADOWED: Mapping[str, Rgb] = MappingProxyType({"green": (30, 84, 41), "blue": (17, 34, 104)})
STAYING: Mapping[str, Rgb] = MappingProxyType(
    {
        "light skin": (241, 194, 170),
        "skin": (198, 134, 94),
        "dark skin": (80, 50, 36),
        "grey": (128, 128, 128),
        "white": (250, 250, 250),
        "black": (16, 16, 16),
        "denim": (70, 90, 125),
        "navy": (35, 42, 75),
        "red": (180, 30, 30),
        "yellow": (220, 190, 60),
    }
)
RATE = 25
TONE_RATE = 16_000

_TO_YUV = np.array(
    [[0.2126, 0.7152, 0.0722], [-0.114572, -0.385428, 0.5], [0.5, -0.454153, -0.045847]], np.float64
) * np.array([[219.0], [224.0], [224.0]])
_BT709 = 1


def studio(
    *, color: str = "green", width: int = 320, height: int = 192, person: Rgb = (128, 128, 128), at: float = 0.5
) -> Picture:
    """A lit screen whose right third lies in shadow, and a patch before it; `at` is its middle, of the width."""
    picture = np.full((height, width, 3), LIT[color], np.uint8)
    picture[:, width * 2 // 3 :] = SHADOWED[color]
    middle = round(width * at)
    picture[height // 3 :, middle - width // 8 : middle + width // 8] = person
    return picture


def planes_of(rgb: Picture) -> tuple[Picture, Picture, Picture]:
    """Luma, U and V by BT.709, limited range."""
    height, width = rgb.shape[:2]
    values = rgb.astype(np.float64) / 255
    small = cv2.resize(values, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    luma = values @ _TO_YUV[0] + 16
    return _bytes(luma), _bytes(small @ _TO_YUV[1] + 128), _bytes(small @ _TO_YUV[2] + 128)


def write_clip(
    path: Path,
    pictures: Sequence[Picture],
    *,
    codec: str = "libx264",
    stamps: Sequence[int] | None = None,
    sound: str = "aac",
    rotation: int = 0,
) -> Path:
    """A video of these pictures; `stamps` are their times in milliseconds, else they are evenly spaced.

    `sound` is the codec of a tone as long as the pictures, empty for none. `rotation` (degrees) goes into the header.
    """
    unit = Fraction(1, 1000)
    times = stamps if stamps is not None else [index * 1000 // RATE for index in range(len(pictures))]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE, options={"crf": "12"} if codec == "libx264" else {})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.colorspace = _BT709
        if stamps is not None:
            stream.codec_context.time_base = unit
        tone = container.add_stream(sound, rate=TONE_RATE, layout="mono") if sound else None
        for picture, time in zip(pictures, times, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p", dst_colorspace=_BT709)
            frame.pts, frame.time_base = time, unit
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if isinstance(tone, av.AudioStream):
            seconds = (times[-1] + 1000 // RATE) / 1000
            container.mux(tone.encode(_tone(seconds)))
            container.mux(tone.encode(None))
    if rotation:
        _rotate(path, rotation)
    return path


def _tone(seconds: float) -> av.AudioFrame:
    wave = 8000 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * TONE_RATE)) / TONE_RATE)
    frame = av.AudioFrame.from_ndarray(wave.astype(np.int16)[np.newaxis], "s16", "mono")
    frame.sample_rate, frame.pts = TONE_RATE, 0
    return frame


def _rotate(path: Path, degrees: int) -> None:
    """Writes the display matrix of the first track header of an MP4 (ISO/IEC 14496-12, 8.3.2)."""
    turns = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}[degrees]
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    one = 1 << 16
    matrix = (turns[0] * one, turns[1] * one, 0, turns[2] * one, turns[3] * one, 0, 0, 0, 1 << 30)
    data[at : at + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(data)


def _bytes(values: NDArray[np.float64]) -> Picture:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
