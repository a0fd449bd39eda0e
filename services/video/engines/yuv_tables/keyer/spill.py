"""Light of the screen on what stands before it."""

from __future__ import annotations

import cv2
import numpy as np

from services.video.engines.yuv_tables.keyer.clean_plate import GAIN_ONE, CleanPlate
from services.video.engines.yuv_tables.keyer.places import BAND, HALO
from services.video.engines.yuv_tables.keyer.planes import Bytes, Planes
from services.video.engines.yuv_tables.keyer.shares import Slope

_BESIDE = np.ones((5, 5), np.uint8)


class SpillFinder:
    """For strips of at most `width` columns. `spill_of` is a table from shares to what is taken off."""

    def __init__(self, width: int, *, leaning: Slope, spill_of: Bytes) -> None:
        self._leaning, self._spill_of = leaning, spill_of
        self._planes = np.empty((2, BAND, width), np.uint8)
        self._beside = np.empty((BAND + 2 * HALO, width), np.uint8)

    def spill(self, picture: Planes, plate: CleanPlate, *, shares: Bytes, transparency: Bytes) -> Bytes:
        """What of the screen's colour is taken off the chroma of a pixel, 255 for all of it; valid until the next call.

        Where the screen shines through, all that leans towards it: hair has a colour of its own, which hides some. On
        the person only what is hardly anything else, since yellow leans towards green, too. `shares` and
        `transparency` have halos.
        """
        columns = shares.shape[1]
        edge_spill, spill = self._planes[..., :columns]
        beside = self._beside[:, :columns]
        self._leaning.write(picture.u, picture.v, spill)
        cv2.multiply(spill, plate.gain, spill, 1 / GAIN_ONE)
        cv2.LUT(spill, self._spill_of, edge_spill)
        cv2.dilate(transparency, _BESIDE, beside)
        cv2.min(edge_spill, beside[HALO:-HALO], edge_spill)
        cv2.LUT(shares[HALO:-HALO], self._spill_of, spill)
        return np.asarray(cv2.max(spill, edge_spill, spill), np.uint8)
