"""The screen alone, as it would be without the person: light falls unevenly on it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from services.video.engines.yuv_tables.keyer.planes import NEUTRAL, Bytes, Floats, Planes
from services.video.engines.yuv_tables.keyer.shares import ONE

GAIN_ONE = 64
"""The gain that leaves a share as it is."""

# Pixels of chroma to one of the plate: light is as smooth in large pictures as in small ones.
_LEAST_STEP = 4
_LONGEST = 160
# Windows of the plate, from what is near to what is far; the far counts only where nothing is near.
_WINDOWS = ((3, 1.0), (9, 1e-2), (31, 1e-4), (101, 1e-6))
_EVERYWHERE = 1e-8
_SURELY_SCREEN = 0.9  # of the screen's strength around
_EVEN = 0.12  # of the strength: where it differs less, even a weak screen is screen in shadow
_TOO_BRIGHT = 1.5  # times the luma that goes with a strength: then something pale covers the screen
_BLACK = 16
_BESIDE = np.ones((3, 3), np.uint8)
_AROUND = np.ones((5, 5), np.uint8)


@dataclass(frozen=True, slots=True)
class CleanPlate:
    """`luma` has the size of luma, the rest that of chroma. `u` and `v` are distances from grey, without their sign.

    `gain` makes the share of the screen's colour equal in light and shadow; see GAIN_ONE.
    """

    luma: Bytes
    u: Bytes
    v: Bytes
    gain: Bytes


class PlateEstimator:
    """Writes the screen of one picture after the other into a plate. `weakest`: the least share that can be screen in
    shadow.

    `u_sign` and `v_sign` (1 or -1) tell on which side of grey the screen lies.
    """

    def __init__(self, plate: CleanPlate, *, weakest: float, u_sign: int, v_sign: int) -> None:
        height, width = plate.u.shape
        self._chroma_size = (width, height)
        self._luma_size = (plate.luma.shape[1], plate.luma.shape[0])
        step = max(_LEAST_STEP, max(width, height) // _LONGEST)
        self._half_size = (max(1, width // 2), max(1, height // 2))
        self._small_size = (max(1, width // step), max(1, height // step))
        self._weakest = np.float32(weakest * ONE)
        self._signs = (np.float32(u_sign), np.float32(v_sign))
        self._plate = plate

    def estimate(self, picture: Planes, guide: Bytes, shares: Bytes) -> None:
        """Writes the plate of a picture: `guide` is its luma at the size of chroma, `shares` are those of the screen's
        colour.
        """
        small = [self._shrunk(plane) for plane in (guide, picture.u, picture.v, shares)]
        luma, strength = small[0], small[3]
        is_screen = self._may_be_screen(luma, strength)
        [around] = _spread([strength], is_screen)
        self._fill(_spread(small, is_screen * _surely_screen(strength, around)))

    def _may_be_screen(self, luma: Floats, strength: Floats) -> Floats:
        """1 or 0. Shadow takes from luma what it takes from the colour; what covers the screen need not."""
        is_like = np.asarray(strength > self._weakest, np.float32)
        if not is_like.any():
            return is_like
        usual = float(((luma - _BLACK) * is_like).sum() / (strength * is_like).sum())
        return np.asarray(is_like * (luma - _BLACK <= np.float32(_TOO_BRIGHT * usual) * strength), np.float32)

    def _shrunk(self, plane: Bytes) -> Floats:
        # By way of the half, which is quick.
        half = cv2.resize(plane, self._half_size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(half, self._small_size, interpolation=cv2.INTER_AREA), np.float32)

    def _fill(self, small: list[Floats]) -> None:
        u_sign, v_sign = self._signs
        luma, u, v, strength = small
        plate, grown = self._plate, cv2.resize
        grown(_bytes(luma), self._luma_size, plate.luma)
        grown(_bytes((u - NEUTRAL) * u_sign), self._chroma_size, plate.u)
        grown(_bytes((v - NEUTRAL) * v_sign), self._chroma_size, plate.v)
        gain = np.asarray(GAIN_ONE * ONE / np.maximum(strength, 1), np.float32)
        grown(_bytes(gain), self._chroma_size, plate.gain)


def _surely_screen(strength: Floats, around: Floats) -> Floats:
    """1 or 0: not at the edge of somebody, where part of the screen is covered."""
    is_strong = cv2.erode(np.asarray(strength > _SURELY_SCREEN * around, np.float32), _BESIDE)
    is_even = cv2.dilate(strength, _AROUND) - cv2.erode(strength, _AROUND) < _EVEN * strength
    return np.asarray(np.maximum(is_strong, np.asarray(is_even, np.float32)), np.float32)


def _spread(values: list[Floats], weight: Floats) -> list[Floats]:
    """Weighted means of the surroundings of each pixel."""
    weighted = cv2.merge([value * weight for value in values])
    total, weights = np.zeros_like(weighted), np.zeros_like(weight)
    for window, importance in _WINDOWS:
        cv2.scaleAdd(cv2.blur(weighted, (window, window)), importance, total, total)
        cv2.scaleAdd(cv2.blur(weight, (window, window)), importance, weights, weights)
    if weight.any():
        everywhere = [each / cv2.mean(weight)[0] for each in cv2.mean(weighted)]
    else:
        # No screen in this picture: then nothing of it is taken away.
        everywhere = [0.0, NEUTRAL, NEUTRAL, ONE][-len(values) :]
    weights += np.float32(_EVERYWHERE)
    return [
        np.asarray((part + np.float32(_EVERYWHERE * far)) / weights, np.float32)
        for part, far in zip(cv2.split(total), everywhere, strict=False)
    ]


def _bytes(values: Floats) -> Bytes:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
