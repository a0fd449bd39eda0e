"""From a picture before a screen to a picture before another background."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from services.video.engines.yuv_tables.keyer.clean_plate import GAIN_ONE, PlateEstimator
from services.video.engines.yuv_tables.keyer.colours import Chroma
from services.video.engines.yuv_tables.keyer.compositor import Compositor
from services.video.engines.yuv_tables.keyer.matte import EdgeFilter, Matte
from services.video.engines.yuv_tables.keyer.planes import Planes, Size
from services.video.engines.yuv_tables.keyer.tables import (
    Softness,
    despill_table,
    share_table,
    transparency_table,
)

_WEAKEST_SCREEN = 0.3
_ABOVE_STAYING = 0.1


@dataclass(frozen=True, slots=True)
class KeySettings:
    """The screen's colour and how softly it goes."""

    key: Chroma
    edge: Softness


class Keyer:
    """Keys the pictures of one video. All its memory is taken at the beginning. Not for several threads."""

    def __init__(self, size: Size, settings: KeySettings) -> None:
        width, height = size.chroma
        key, edge = settings.key, settings.edge
        u_sign, v_sign = (1 if part > 0 else -1 for part in (key.u, key.v))
        self._share_of = share_table(key)
        self._transparency_of = transparency_table(edge)
        self._spill_of = despill_table(edge)
        weakest = max(_WEAKEST_SCREEN, edge.staying + _ABOVE_STAYING)
        self._plates = PlateEstimator(size, weakest=weakest, u_sign=u_sign, v_sign=v_sign)
        self._edges = EdgeFilter(size)
        self._compositor = Compositor(size, u_sign=u_sign, v_sign=v_sign)
        self._pairs = np.empty((height, width, 2), np.uint8)
        self._places = np.empty((height, width, 2), np.int16)
        self._shares, self._even, self._transparency, self._spill = (
            np.empty((height, width), np.uint8) for _ in range(4)
        )

    def key(self, picture: Planes, behind: Planes, out: Planes) -> Matte:
        """Writes the person of `picture` before `behind` into `out`, all of the same size.

        Answers what was transparent, valid until the next call.
        """
        cv2.merge([picture.u, picture.v], self._pairs)
        np.copyto(self._places, self._pairs)
        # A look into a table of two bytes at each pixel: OpenCV has it as a map of places.
        cv2.remap(self._share_of, self._places, None, cv2.INTER_NEAREST, self._shares)
        plate = self._plates.estimate(picture, self._shares)
        cv2.multiply(self._shares, plate.gain, self._even, 1 / GAIN_ONE)
        cv2.LUT(self._even, self._transparency_of, self._transparency)
        cv2.LUT(self._even, self._spill_of, self._spill)
        matte = self._edges.apply(picture.luma, self._transparency)
        self._compositor.compose(picture, plate, behind, matte=matte, spill=self._spill, out=out)
        return matte
