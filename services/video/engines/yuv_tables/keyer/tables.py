"""What becomes of a share of the screen's colour, worked out once for all pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.video.engines.yuv_tables.keyer.planes import Bytes
from services.video.engines.yuv_tables.keyer.shares import ONE

_STAYING_MARGIN = 0.03
_MAX_STAYING = 0.6
_HALF_SOFT_BLEND = 0.0176  # with it the contract's 0.1 gives an edge of 0.8
_HARDEST_EDGE = 0.04
_LOWEST = 0.02


@dataclass(frozen=True, slots=True)
class Softness:
    """Shares of the screen's colour: up to `low` a pixel stays whole, from `high` on it is gone.

    `staying` is the share that belongs to the person and keeps its colour, too.
    """

    low: float
    high: float
    staying: float


def softness(similarity: float, blend: float, *, staying: float) -> Softness:
    """From the contract's numbers, 0..1. With their defaults 0.4 and 0.1 the edge goes from 0.1 to 0.9.

    More similarity lets colours go that are less like the screen; more blend makes the edge wider. Whatever both
    say, what has no more of the screen's colour than people and their clothes have (`staying`) stays.
    """
    kept = min(staying + _STAYING_MARGIN if staying > 0 else 0.0, _MAX_STAYING)
    high = max(1.0 - 0.25 * similarity, kept + _HARDEST_EDGE)
    width = max(0.94 * blend / (blend + _HALF_SOFT_BLEND), _HARDEST_EDGE)
    low = min(max(high - width, kept, _LOWEST), high - _HARDEST_EDGE)
    return Softness(low, high, kept)


def transparency_table(edge: Softness) -> Bytes:
    """(256,): from shares to transparency, 255 for what is gone."""
    shares = np.arange(256, dtype=np.float64) / ONE
    return _bytes((shares - edge.low) / (edge.high - edge.low) * 255)


def despill_table(edge: Softness) -> Bytes:
    """(256,): from shares to what of the screen's colour is taken off the chroma, 255 for all of it.

    More than transparency alone would take where the screen's light lies on the person.
    """
    shares = np.arange(256, dtype=np.float64) / ONE
    return _bytes((shares - edge.staying) / (1.0 - edge.staying) * 255)


def _bytes(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Bytes:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
