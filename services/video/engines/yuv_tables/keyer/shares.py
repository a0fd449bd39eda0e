"""How much of the screen's colour is in each pixel of chroma, in levels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2

from services.video.engines.yuv_tables.keyer.colours import ACROSS_WEIGHT, Chroma
from services.video.engines.yuv_tables.keyer.planes import NEUTRAL, Bytes

ONE = 204
"""The level that stands for exactly the screen's colour; brighter screen lies above."""


@dataclass(frozen=True, slots=True)
class Slope:
    """A linear function of chroma that is 0 for grey."""

    by_u: float
    by_v: float

    def write(self, u: Bytes, v: Bytes, out: Bytes) -> None:
        """Rounded, and never below 0 or above 255."""
        cv2.addWeighted(u, self.by_u, v, self.by_v, -NEUTRAL * (self.by_u + self.by_v), out)


@dataclass(frozen=True, slots=True)
class Share:
    """What a chroma has along the key, less a part of what it has across it: the less of two linear functions, one
    for each side of the key.
    """

    left: Slope
    right: Slope

    def write(self, u: Bytes, v: Bytes, out: Bytes, *, scratch: Bytes) -> None:
        """All of one shape."""
        self.left.write(u, v, out)
        self.right.write(u, v, scratch)
        cv2.min(out, scratch, out)


def share_of(key: Chroma) -> Share:
    """ONE for the key itself, 0 for what leans elsewhere."""
    return Share(_slope(key, ACROSS_WEIGHT), _slope(key, -ACROSS_WEIGHT))


def leaning_of(key: Chroma) -> Slope:
    """The same for all that leans towards the key, however far it lies across."""
    return _slope(key, 0.0)


def _slope(key: Chroma, across: float) -> Slope:
    level = ONE / key.strength**2
    return Slope(level * (key.u - across * key.v), level * (key.v + across * key.u))
