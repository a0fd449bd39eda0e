"""A drawn face that a face mesh takes for one, and clips of it: no test needs a picture of anybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Colour = tuple[int, int, int]

VOICE_RATE = 16_000
_FINE = 4  # drawn that much larger than wanted


@dataclass(frozen=True)
class Looks:
    """Colours of a person, blue first."""

    skin: Colour = (150, 180, 225)
    hair: Colour = (40, 50, 70)
    eyes: Colour = (60, 70, 90)


class _Easel:
    """Draws ellipses in tenths of the picture around the middle of the face."""

    def __init__(self, size: int, shift: float) -> None:
        self.side = _FINE * size
        self.image = np.full((self.side, self.side, 3), (170, 160, 150), np.uint8)
        self._unit = self.side / 10.0
        self._middle = (self.side * (0.5 + shift), self.side * 0.5)

    def ellipse(
        self, at: tuple[float, float], radii: tuple[float, float], colour: Colour, arc: tuple[int, int] = (0, 360)
    ) -> None:
        self._ellipse(at, radii, colour, arc, -1)

    def line(self, at: tuple[float, float], radii: tuple[float, float], colour: Colour, arc: tuple[int, int]) -> None:
        self._ellipse(at, radii, colour, arc, max(2, self.side // 80))

    def _ellipse(
        self,
        at: tuple[float, float],
        radii: tuple[float, float],
        colour: Colour,
        arc: tuple[int, int],
        width: int,
    ) -> None:
        middle = tuple(round(base + offset * self._unit) for base, offset in zip(self._middle, at, strict=True))
        axes = tuple(round(radius * self._unit) for radius in radii)
        cv2.ellipse(self.image, middle, axes, 0, arc[0], arc[1], colour, width, cv2.LINE_AA)


def draw_face(size: int = 160, *, shift: float = 0.0, looks: Looks | None = None) -> Bytes:
    """A square BGR picture of a face, `shift` of its size to the right of the middle."""
    person, easel = looks or Looks(), _Easel(size, shift)
    easel.ellipse((0, 4.4), (3.0, 1.6), (120, 80, 60))
    easel.ellipse((0, 2.6), (0.9, 1.2), _darker(person.skin, 0.85))
    easel.ellipse((0, -0.5), (2.5, 3.0), person.hair)
    easel.ellipse((0, 0.1), (2.1, 2.75), person.skin)
    easel.ellipse((0, -1.9), (1.9, 0.9), person.hair, (180, 360))
    for side in (-1.0, 1.0):
        _draw_half(easel, person, side)
    easel.ellipse((0, 0.55), (0.32, 0.25), _darker(person.skin, 0.93))
    easel.ellipse((0, 1.35), (0.85, 0.17), (95, 95, 190))
    easel.ellipse((0, 1.5), (0.75, 0.24), (102, 102, 205))
    easel.ellipse((0, 1.41), (0.8, 0.04), (48, 48, 95), (0, 180))
    soft = cv2.GaussianBlur(easel.image, (0, 0), easel.side / 220)
    return np.asarray(cv2.resize(soft, (size, size), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _draw_half(easel: _Easel, person: Looks, side: float) -> None:
    easel.ellipse((side * 2.1, 0.1), (0.25, 0.5), _darker(person.skin, 0.9))
    easel.ellipse((side * 0.85, -0.35), (0.42, 0.2), (240, 240, 240))
    easel.ellipse((side * 0.85, -0.35), (0.19, 0.19), person.eyes)
    easel.ellipse((side * 0.85, -0.35), (0.09, 0.09), (15, 15, 15))
    easel.line((side * 0.85, -0.75), (0.55, 0.22), person.hair, (200, 340))
    easel.ellipse((side * 0.2, 0.72), (0.1, 0.06), _darker(person.skin, 0.45))


def write_clip(
    path: Path, images: Iterable[Bytes], *, rate: int = 25, preset: str = "ultrafast", crf: int = 16
) -> Path:
    """An H.264 video of pictures of one size (BGR, uint8); `preset` and `crf` are x264's."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=rate, options={"preset": preset, "crf": str(crf)})
        assert isinstance(stream, av.VideoStream)
        stream.pix_fmt = "yuv420p"
        for number, image in enumerate(images):
            if not number:
                stream.height, stream.width = image.shape[:2]
            output.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        output.mux(stream.encode(None))
    return path


def write_face_clip(path: Path, *, seconds: float = 2.0, rate: int = 25) -> Path:
    """A face that does not move."""
    return write_clip(path, repeat(draw_face(), round(seconds * rate)), rate=rate)


def vowel(formants: tuple[float, float], seconds: float, *, pitch: float = 120.0) -> Floats:
    """Something like a vowel: pulses through two resonances."""
    count = round(seconds * VOICE_RATE)
    sound = np.zeros(count, np.float64)
    sound[:: round(VOICE_RATE / pitch)] = 1.0
    for frequency in formants:
        radius = np.exp(-np.pi * 80.0 / VOICE_RATE)
        past, before = 2 * radius * np.cos(2 * np.pi * frequency / VOICE_RATE), -(radius**2)
        filtered = np.zeros(count + 2)
        for index in range(count):
            filtered[index + 2] = sound[index] + past * filtered[index + 1] + before * filtered[index]
        sound = filtered[2:]
    return (0.5 * sound / max(float(np.abs(sound).max()), 1e-9)).astype(np.float32)


def spoken(seconds: float = 2.0) -> Floats:
    """Open vowels with pauses between them."""
    syllable = np.concatenate([vowel((750, 1200), 0.25), np.zeros(VOICE_RATE // 4, np.float32)])
    return np.resize(syllable, round(seconds * VOICE_RATE)).astype(np.float32)


def write_voice(path: Path, voice: Floats) -> Path:
    """A WAV of 16 bits."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("pcm_s16le", rate=VOICE_RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)
        samples = (np.clip(voice, -1, 1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = VOICE_RATE
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def _darker(colour: Colour, share: float) -> Colour:
    blue, green, red = (int(part * share) for part in colour)
    return blue, green, red
