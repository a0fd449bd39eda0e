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
    """Writes into planes of the caller, at most of this size. The signs are those of the clean plate."""

    def __init__(self, size: Size, *, u_sign: int, v_sign: int) -> None:
        width, height = size.chroma
        self._signs = (u_sign, v_sign)
        self._luma = np.empty((2, size.height, size.width), np.uint8)
        self._chroma = np.empty((4, height, width), np.uint8)

    def compose(
        self, picture: Planes, plate: CleanPlate, behind: Planes, *, matte: Matte, spill: Bytes, out: Planes
    ) -> None:
        """`spill` is what of the screen's colour is taken off the chroma, 255 for all; `out` receives the result."""
        self._compose_luma(picture.luma, plate.luma, behind.luma, matte=matte.luma, out=out.luma)
        u_sign, v_sign = self._signs
        self._compose_chroma(picture.u, (plate.u, u_sign), behind.u, matte=matte.chroma, spill=spill, out=out.u)
        self._compose_chroma(picture.v, (plate.v, v_sign), behind.v, matte=matte.chroma, spill=spill, out=out.v)

    def _compose_luma(self, plane: Bytes, screen: Bytes, behind: Bytes, *, matte: Bytes, out: Bytes) -> None:
        part, gone = self._luma[:, : plane.shape[0], : plane.shape[1]]
        cv2.multiply(matte, screen, part, _PART)
        cv2.subtract(plane, part, out)
        cv2.multiply(matte, behind, part, _PART)
        cv2.add(out, part, out)
        np.equal(matte, _WHOLE, out=gone.view(np.bool_))
        cv2.copyTo(behind, gone, out)

    def _compose_chroma(
        self, plane: Bytes, screen: tuple[Bytes, int], behind: Bytes, *, matte: Bytes, spill: Bytes, out: Bytes
    ) -> None:
        part, above, below, gone = self._chroma[:, : plane.shape[0], : plane.shape[1]]
        distance, sign = screen
        cv2.multiply(spill, distance, part, _PART)
        (cv2.subtract if sign > 0 else cv2.add)(plane, part, out)
        # Distances from grey in two halves, since neither bytes nor their products have a sign.
        np.subtract(np.maximum(behind, NEUTRAL, out=above), NEUTRAL, out=above)
        np.subtract(NEUTRAL, np.minimum(behind, NEUTRAL, out=below), out=below)
        cv2.multiply(matte, above, part, _PART)
        cv2.add(out, part, out)
        cv2.multiply(matte, below, part, _PART)
        cv2.subtract(out, part, out)
        np.equal(matte, _WHOLE, out=gone.view(np.bool_))
        cv2.copyTo(behind, gone, out)
