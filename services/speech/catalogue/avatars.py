"""Avatars of templates: flat portraits, drawn by code, the same ones every time."""

from __future__ import annotations

import colorsys
import struct
import zlib
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.speech.domain.templates import AgeRange, VoiceTemplate
from services.speech.engines.base import Gender

SIZE = 256
"""Width and height in pixels. Coordinates below are in them, from the top left corner."""

# Drawn larger and averaged, so that edges are smooth.
_SUPERSAMPLING = 2
# Neighbours in the catalogue get colours far from each other.
_HUE_STEP = (5**0.5 - 1) / 2

Colour: TypeAlias = tuple[float, float, float]
_Mask: TypeAlias = NDArray[np.bool_]

_DARK: Colour = (0.16, 0.14, 0.17)
_LIPS: Colour = (0.72, 0.32, 0.32)
_GREY: Colour = (0.84, 0.84, 0.86)
_SKINS: tuple[Colour, ...] = ((0.98, 0.86, 0.75), (0.95, 0.79, 0.66), (0.87, 0.68, 0.53))
_HAIRS: tuple[Colour, ...] = ((0.15, 0.12, 0.12), (0.33, 0.2, 0.13), (0.5, 0.31, 0.16), (0.22, 0.17, 0.24))


@dataclass(frozen=True, slots=True)
class _Look:
    """What a portrait shows."""

    backdrop: Colour
    clothes: Colour
    skin: Colour
    hair: Colour
    is_female: bool
    age: AgeRange


class _Canvas:
    """A picture in the making, shape (n, n, 3), values 0..1."""

    def __init__(self) -> None:
        size = SIZE * _SUPERSAMPLING
        centres = (np.arange(size, dtype=np.float32) + 0.5) / _SUPERSAMPLING
        self.x, self.y = np.meshgrid(centres, centres)
        self._pixels = np.zeros((size, size, 3), dtype=np.float32)

    def ellipse(self, x: float, y: float, width: float, height: float) -> _Mask:
        """Where an ellipse is: its centre and its half axes."""
        mask: _Mask = ((self.x - x) / width) ** 2 + ((self.y - y) / height) ** 2 <= 1.0
        return mask

    def paint(self, mask: _Mask, colour: Colour) -> None:
        self._pixels[mask] = colour

    def fade(self, top: Colour, bottom: Colour) -> None:
        """Paints all of it, from one colour at the top to another at the bottom."""
        share = (self.y / SIZE)[..., np.newaxis]
        self._pixels[:] = np.asarray(top) * (1 - share) + np.asarray(bottom) * share

    def picture(self) -> NDArray[np.uint8]:
        """Shape (SIZE, SIZE, 3)."""
        blocks = self._pixels.reshape(SIZE, _SUPERSAMPLING, SIZE, _SUPERSAMPLING, 3)
        averaged: NDArray[np.float32] = blocks.mean(axis=(1, 3))
        return (averaged * 255).round().astype(np.uint8)


def draw_avatar(template: VoiceTemplate) -> bytes:
    """PNG of SIZE by SIZE pixels. Takes a tenth of a second of CPU."""
    look = _look_of(template)
    canvas = _Canvas()
    canvas.fade(_lighter(look.backdrop), look.backdrop)
    _draw_body(canvas, look)
    _draw_head(canvas, look)
    _draw_face(canvas, look)
    return _png(canvas.picture())


def _look_of(template: VoiceTemplate) -> _Look:
    number = template.id
    hue = number * _HUE_STEP % 1.0
    is_old = template.age_range is AgeRange.OLD
    return _Look(
        backdrop=colorsys.hls_to_rgb(hue, 0.68, 0.55),
        clothes=colorsys.hls_to_rgb((hue + 0.45) % 1.0, 0.42, 0.45),
        skin=_SKINS[number % len(_SKINS)],
        hair=_GREY if is_old else _HAIRS[number % len(_HAIRS)],
        is_female=template.gender is Gender.FEMALE,
        age=template.age_range,
    )


def _draw_body(canvas: _Canvas, look: _Look) -> None:
    width = 68.0 if look.age is AgeRange.CHILD else 84.0 if look.is_female else 98.0
    if look.is_female and look.age in (AgeRange.YOUTH, AgeRange.MIDDLE):
        # Hair that falls behind the shoulders.
        length = 84.0 if look.age is AgeRange.YOUTH else 64.0
        canvas.paint(canvas.ellipse(128, 132, 64, length), look.hair)
    canvas.paint(canvas.ellipse(128, 268, width, 84), look.clothes)
    canvas.paint(canvas.ellipse(128, 178, 20, 34), _darker(look.skin))


def _draw_head(canvas: _Canvas, look: _Look) -> None:
    if look.is_female and look.age is AgeRange.CHILD:
        for x in (70, 186):
            canvas.paint(canvas.ellipse(x, 104, 20, 26), look.hair)
    if look.is_female and look.age is AgeRange.OLD:
        canvas.paint(canvas.ellipse(128, 50, 24, 20), look.hair)
    canvas.paint(canvas.ellipse(128, 112, 56, 58), look.hair)
    for x in (80, 176):
        canvas.paint(canvas.ellipse(x, 126, 9, 13), _darker(look.skin))
    canvas.paint(canvas.ellipse(128, 126, 48, 56), look.skin)
    # The fringe: what a part of the hair leaves of the forehead.
    fringe = canvas.ellipse(128, 106, 56, 54) & ~canvas.ellipse(112 if look.is_female else 150, 150, 74, 66)
    canvas.paint(fringe & (canvas.y < 122), look.hair)


def _draw_face(canvas: _Canvas, look: _Look) -> None:
    eye_size = 7.0 if look.age is AgeRange.CHILD else 5.0
    for x in (109, 147):
        canvas.paint(canvas.ellipse(x, 130, eye_size * 0.85, eye_size), _DARK)
        if look.age is AgeRange.OLD:
            canvas.paint(canvas.ellipse(x, 130, 17, 15) & ~canvas.ellipse(x, 130, 14, 12), _DARK)
    if look.age is AgeRange.OLD:
        canvas.paint((abs(canvas.x - 128) < 3) & (abs(canvas.y - 129) < 1.5), _DARK)
    mouth = canvas.ellipse(128, 154, 14, 11) & ~canvas.ellipse(128, 148, 17, 11)
    canvas.paint(mouth, _LIPS if look.is_female else _darker(_LIPS))
    if not look.is_female and look.age is AgeRange.OLD:
        beard = canvas.ellipse(128, 160, 40, 34) & (canvas.y > 160) & ~canvas.ellipse(128, 150, 22, 14)
        canvas.paint(beard, look.hair)


def _lighter(colour: Colour) -> Colour:
    red, green, blue = colour
    return (1 + red) / 2, (1 + green) / 2, (1 + blue) / 2


def _darker(colour: Colour) -> Colour:
    red, green, blue = colour
    return red * 0.9, green * 0.88, blue * 0.88


def _png(picture: NDArray[np.uint8]) -> bytes:
    """8 bits a channel; each row is written as it is (filter type 0)."""
    height, width, _channels = picture.shape
    rows = np.zeros((height, 1 + width * 3), dtype=np.uint8)
    rows[:, 1:] = picture.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
