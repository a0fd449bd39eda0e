"""The screen alone, as it would be without the person: light falls unevenly on it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from services.video.engines.yuv_tables.keyer.planes import NEUTRAL, Bytes, Floats, Planes, Size
from services.video.engines.yuv_tables.keyer.shares import ONE

GAIN_ONE = 64
"""The gain that leaves a share as it is."""

_STEP = 4  # pixels of chroma to one of the plate
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
    """Sees the screen of one picture after the other. `weakest`: the least share that can be screen in shadow.

    `u_sign` and `v_sign` (1 or -1) tell on which side of grey the screen lies.
    """

    def __init__(self, size: Size, *, weakest: float, u_sign: int, v_sign: int) -> None:
        width, height = size.chroma
        self._chroma_size = (width, height)
        self._luma_size = (size.width, size.height)
        self._small_size = (max(1, width // _STEP), max(1, height // _STEP))
        self._weakest = np.float32(weakest * ONE)
        self._signs = (np.float32(u_sign), np.float32(v_sign))
        self._plate = CleanPlate(
            np.empty((size.height, size.width), np.uint8), *(np.empty((height, width), np.uint8) for _ in range(3))
        )

    @property
    def latest(self) -> CleanPlate:
        """The plate of the picture estimated last. The next estimate overwrites it."""
        return self._plate

    def estimate(self, picture: Planes, shares: Bytes) -> None:
        """Looks at a picture whose shares of the screen's colour are known."""
        small = [self._shrink(plane) for plane in (picture.luma, picture.u, picture.v, shares)]
        is_screen = self._may_be_screen(small[0], small[3])
        around = _spread(small[3:], is_screen)[..., 0]
        self._fill(_spread(small, is_screen * _surely_screen(small[3], around)))

    def _may_be_screen(self, luma: Floats, strength: Floats) -> Floats:
        """1 or 0. Shadow takes from luma what it takes from the colour; what covers the screen need not."""
        is_like = np.asarray(strength > self._weakest, np.float32)
        if not is_like.any():
            return is_like
        usual = float(((luma - _BLACK) * is_like).sum() / (strength * is_like).sum())
        return np.asarray(is_like * (luma - _BLACK <= np.float32(_TOO_BRIGHT * usual) * strength), np.float32)

    def _shrink(self, plane: Bytes) -> Floats:
        return np.asarray(cv2.resize(plane, self._small_size, interpolation=cv2.INTER_AREA), np.float32)

    def _fill(self, plate: Floats) -> None:
        u_sign, v_sign = self._signs
        strength = np.maximum(plate[..., 3], 1)
        grown = cv2.resize
        grown(_bytes(plate[..., 0]), self._luma_size, self._plate.luma)
        grown(_bytes((plate[..., 1] - NEUTRAL) * u_sign), self._chroma_size, self._plate.u)
        grown(_bytes((plate[..., 2] - NEUTRAL) * v_sign), self._chroma_size, self._plate.v)
        grown(_bytes(np.asarray(GAIN_ONE * ONE / strength, np.float32)), self._chroma_size, self._plate.gain)


def _surely_screen(strength: Floats, around: Floats) -> Floats:
    """1 or 0: not at the edge of somebody, where part of the screen is covered."""
    is_strong = cv2.erode(np.asarray(strength > _SURELY_SCREEN * around, np.float32), _BESIDE)
    is_even = cv2.dilate(strength, _AROUND) - cv2.erode(strength, _AROUND) < _EVEN * strength
    return np.asarray(np.maximum(is_strong, np.asarray(is_even, np.float32)), np.float32)


def _spread(values: list[Floats], weight: Floats) -> Floats:
    """Weighted means of the surroundings of each pixel, (rows, columns, values)."""
    weighted = np.stack([value * weight for value in values], axis=-1)
    total, weights = np.zeros_like(weighted), np.zeros_like(weight)
    for window, importance in _WINDOWS:
        total += np.float32(importance) * _blurred(weighted, window)
        weights += np.float32(importance) * _blurred(weight, window)
    mean = weighted.mean((0, 1)) / max(float(weight.mean()), 1e-6)
    if not weight.any():
        # No screen in this picture: then nothing of it is taken away.
        mean = np.array([0, NEUTRAL, NEUTRAL, ONE], np.float32)[-len(values) :]
    total += np.float32(_EVERYWHERE) * mean
    weights += np.float32(_EVERYWHERE)
    return np.asarray(total / weights[..., np.newaxis], np.float32)


def _blurred(values: Floats, window: int) -> Floats:
    return np.asarray(cv2.blur(values, (window, window)), np.float32).reshape(values.shape)


def _bytes(values: Floats) -> Bytes:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
