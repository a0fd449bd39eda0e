"""From a picture before a screen to a picture before another background."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from services.video.engines.yuv_tables.keyer.clean_plate import GAIN_ONE, CleanPlate, PlateEstimator
from services.video.engines.yuv_tables.keyer.colours import Chroma
from services.video.engines.yuv_tables.keyer.compositor import Compositor
from services.video.engines.yuv_tables.keyer.matte import EdgeFilter, Matte
from services.video.engines.yuv_tables.keyer.planes import Bytes, Planes, Size
from services.video.engines.yuv_tables.keyer.tables import (
    Softness,
    despill_table,
    share_table,
    transparency_table,
)

_WEAKEST_SCREEN = 0.3
_ABOVE_STAYING = 0.1
_PLATE_EVERY = 3  # pictures: light changes slowly
_BESIDE = np.ones((5, 5), np.uint8)
_NO_MAP = np.empty((0, 0), np.int16)  # places of whole pixels need no second one


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
        self._leaning_of = share_table(key, across_weight=0.0)
        self._transparency_of = transparency_table(edge)
        self._spill_of = despill_table(edge)
        weakest = max(_WEAKEST_SCREEN, edge.staying + _ABOVE_STAYING)
        self._plates = PlateEstimator(size, weakest=weakest, u_sign=u_sign, v_sign=v_sign)
        self._count = 0
        self._edges = EdgeFilter(size)
        self._compositor = Compositor(size, u_sign=u_sign, v_sign=v_sign)
        self._pairs = np.empty((height, width, 2), np.uint8)
        self._places = np.empty((height, width, 2), np.int16)
        self._shares, self._even, self._transparency, self._spill, self._edge_spill = (
            np.empty((height, width), np.uint8) for _ in range(5)
        )

    def key(self, picture: Planes, behind: Planes, out: Planes) -> Matte:
        """Writes the person of `picture` before `behind` into `out`, all of the same size.

        Answers what was transparent, valid until the next call.
        """
        cv2.merge([picture.u, picture.v], self._pairs)
        np.copyto(self._places, self._pairs)
        # A look into a table of two bytes at each pixel: OpenCV has it as a map of places.
        cv2.remap(self._share_of, self._places, _NO_MAP, cv2.INTER_NEAREST, self._shares)
        if self._count % _PLATE_EVERY == 0:
            self._plates.estimate(picture, self._shares)
        self._count += 1
        plate = self._plates.latest
        cv2.multiply(self._shares, plate.gain, self._even, 1 / GAIN_ONE)
        cv2.LUT(self._even, self._transparency_of, self._transparency)
        spill = self._spill_beside(plate)
        matte = self._edges.apply(picture.luma, self._transparency)
        self._compositor.compose(picture, plate, behind, matte=matte, spill=spill, out=out)
        return matte

    def _spill_beside(self, plate: CleanPlate) -> Bytes:
        """What of the screen's colour is taken off the chroma of a pixel.

        Where the screen shines through, all that leans towards it: hair has a colour of its own, which hides some. On
        the person only what is hardly anything else, since yellow leans towards green, too.
        """
        cv2.LUT(self._even, self._spill_of, self._spill)
        cv2.remap(self._leaning_of, self._places, _NO_MAP, cv2.INTER_NEAREST, self._shares)
        cv2.multiply(self._shares, plate.gain, self._even, 1 / GAIN_ONE)
        cv2.LUT(self._even, self._spill_of, self._edge_spill)
        cv2.dilate(self._transparency, _BESIDE, self._even)
        cv2.min(self._edge_spill, self._even, self._edge_spill)
        return np.asarray(cv2.max(self._spill, self._edge_spill, self._spill), np.uint8)
