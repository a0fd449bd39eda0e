"""Colours as chroma: where a colour lies in the plane of U and V, without its brightness."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from math import hypot
from types import MappingProxyType

_HEX = re.compile(r"#([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})")
_NAMED: Mapping[str, tuple[int, int, int]] = MappingProxyType({"green": (0, 255, 0), "blue": (0, 0, 255)})
_CHROMA_RANGE = 224 / 255

# Of people and what they wear: skin from light to dark, denim, navy.
_STAYING = ((241, 194, 170), (198, 134, 94), (141, 85, 54), (80, 50, 36), (70, 90, 125), (90, 110, 150), (35, 42, 75))


class Matrix(Enum):
    """How RGB became YUV: weights of red and blue in luma."""

    BT601 = (0.299, 0.114)
    BT709 = (0.2126, 0.0722)


@dataclass(frozen=True, slots=True)
class Chroma:
    """Distance from grey along U and V, in levels of limited range."""

    u: float
    v: float

    @property
    def strength(self) -> float:
        return hypot(self.u, self.v)

    def share_of(self, key: Chroma) -> float:
        """How much of `key` is in this colour: 1 for the key itself, 0 for what leans elsewhere."""
        along = self.u * key.u + self.v * key.v
        across = abs(self.u * key.v - self.v * key.u)
        return max(0.0, along - ACROSS_WEIGHT * across) / key.strength**2


ACROSS_WEIGHT = 0.8
"""What a step beside the direction of the key takes from a step along it."""


def rgb_of(color: str) -> tuple[int, int, int]:
    """Of "green", "blue" or "#RRGGBB"."""
    if color in _NAMED:
        return _NAMED[color]
    found = _HEX.fullmatch(color)
    if found is None:
        raise ValueError("not a colour")
    red, green, blue = (int(part, 16) for part in found.groups())
    return red, green, blue


def chroma_of(rgb: tuple[int, int, int], matrix: Matrix) -> Chroma:
    """Of a colour with values 0..255."""
    red_weight, blue_weight = matrix.value
    red, green, blue = rgb
    luma = red_weight * red + (1 - red_weight - blue_weight) * green + blue_weight * blue
    return Chroma(
        _CHROMA_RANGE * (blue - luma) / (2 * (1 - blue_weight)), _CHROMA_RANGE * (red - luma) / (2 * (1 - red_weight))
    )


def staying_share(key: Chroma, matrix: Matrix) -> float:
    """The most of `key` that is in skin and common clothes: what has no more of it must stay."""
    return max(chroma_of(rgb, matrix).share_of(key) for rgb in _STAYING)
