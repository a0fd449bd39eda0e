"""The person before the new background.

The screen's part is subtracted from a pixel instead of the pixel being multiplied: what is left is exactly the
person's part, without the light of the screen.
"""

from __future__ import annotations

import cv2
import numpy as np

from services.video.engines.yuv_tables.keyer.clean_plate import CleanPlate
from services.video.engines.yuv_tables.keyer.matte import Matte
from services.video.engines.yuv_tables.keyer.planes import NEUTRAL, Bytes, Planes, Size

_WHOLE = 255
_PART = 1 / _WHOLE


class Compositor:
    """Writes into planes of the caller. The signs are those of the clean plate."""

    def __init__(self, size: Size, *, u_sign: int, v_sign: int) -> None:
        width, height = size.chroma
        self._signs = (u_sign, v_sign)
        self._luma, self._gone = (np.empty((size.height, size.width), np.uint8) for _ in range(2))
        self._part, self._above, self._below, self._gone_chroma = (
            np.empty((height, width), np.uint8) for _ in range(4)
        )

    def compose(
        self, picture: Planes, plate: CleanPlate, behind: Planes, *, matte: Matte, spill: Bytes, out: Planes
    ) -> None:
        """`spill` is what of the screen's colour is taken off the chroma, 255 for all; `out` receives the result."""
        self._compose_luma(picture.luma, plate.luma, behind.luma, matte=matte.luma, out=out.luma)
        np.equal(matte.chroma, _WHOLE, out=self._gone_chroma.view(np.bool_))
        u_sign, v_sign = self._signs
        self._compose_chroma(picture.u, (plate.u, u_sign), behind.u, matte=matte.chroma, spill=spill, out=out.u)
        self._compose_chroma(picture.v, (plate.v, v_sign), behind.v, matte=matte.chroma, spill=spill, out=out.v)

    def _compose_luma(self, plane: Bytes, screen: Bytes, behind: Bytes, *, matte: Bytes, out: Bytes) -> None:
        cv2.multiply(matte, screen, self._luma, _PART)
        cv2.subtract(plane, self._luma, out)
        cv2.multiply(matte, behind, self._luma, _PART)
        cv2.add(out, self._luma, out)
        np.equal(matte, _WHOLE, out=self._gone.view(np.bool_))
        cv2.copyTo(behind, self._gone, out)

    def _compose_chroma(
        self, plane: Bytes, screen: tuple[Bytes, int], behind: Bytes, *, matte: Bytes, spill: Bytes, out: Bytes
    ) -> None:
        distance, sign = screen
        cv2.multiply(spill, distance, self._part, _PART)
        (cv2.subtract if sign > 0 else cv2.add)(plane, self._part, out)
        # Distances from grey in two halves, since neither bytes nor their products have a sign.
        np.subtract(np.maximum(behind, NEUTRAL, out=self._above), NEUTRAL, out=self._above)
        np.subtract(NEUTRAL, np.minimum(behind, NEUTRAL, out=self._below), out=self._below)
        cv2.multiply(matte, self._above, self._part, _PART)
        cv2.add(out, self._part, out)
        cv2.multiply(matte, self._below, self._part, _PART)
        cv2.subtract(out, self._part, out)
        cv2.copyTo(behind, self._gone_chroma, out)
