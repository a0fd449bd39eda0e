"""What the footage tells of its screen: whether there is one, and its true colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np

from services.video.engines.yuv_tables.keyer.colours import ACROSS_WEIGHT, Chroma
from services.video.engines.yuv_tables.keyer.planes import NEUTRAL, Floats, Planes

MIN_STRENGTH = 14.0
"""Of a colour's chroma: what is nearer to grey has no direction that could be trusted."""
_WIDEST_TURN = 0.55  # across / along: some 29 degrees between the light of a studio and the colour asked for
_SAME_SHARE = 0.45  # of the screen's own strength, so that its shadows count


@dataclass(frozen=True, slots=True)
class Survey:
    """`share` of all pixels, 0..1, that are screen; `key` is its colour, None where there is none."""

    share: float
    key: Chroma | None


def survey(pictures: Sequence[Planes], wanted: Chroma) -> Survey:
    """Looks at pictures from all over a video. A colour too near to grey has no screen."""
    if wanted.strength < MIN_STRENGTH or not pictures:
        return Survey(0.0, None)
    u, v = (np.concatenate([_offsets(picture, name) for picture in pictures]) for name in ("u", "v"))
    like = _is_like(u, v, wanted)
    if not like.any():
        return Survey(0.0, None)
    # Twice: the light of the studio turns the colour, and what only resembles it shall not turn it.
    for _ in range(2):
        key = Chroma(float(np.median(u[like])), float(np.median(v[like])))
        if key.strength < MIN_STRENGTH:
            return Survey(0.0, None)
        like = _shares(u, v, key) > _SAME_SHARE
    return Survey(float(like.mean()), key)


def _offsets(picture: Planes, name: str) -> Floats:
    plane = picture.u if name == "u" else picture.v
    return plane[::2, ::2].astype(np.float32).ravel() - np.float32(NEUTRAL)


def _is_like(u: Floats, v: Floats, wanted: Chroma) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    along = (u * wanted.u + v * wanted.v) / hypot(wanted.u, wanted.v)
    across = np.abs(u * wanted.v - v * wanted.u) / hypot(wanted.u, wanted.v)
    return np.asarray((along > MIN_STRENGTH) & (across < _WIDEST_TURN * along))


def _shares(u: Floats, v: Floats, key: Chroma) -> Floats:
    along = u * np.float32(key.u) + v * np.float32(key.v)
    across = np.abs(u * np.float32(key.v) - v * np.float32(key.u))
    return np.asarray((along - np.float32(ACROSS_WEIGHT) * across) / np.float32(key.strength**2), np.float32)
