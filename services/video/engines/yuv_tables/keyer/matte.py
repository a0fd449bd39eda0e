"""How transparent each pixel is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from services.video.engines.yuv_tables.keyer.places import BAND, HALO
from services.video.engines.yuv_tables.keyer.planes import Bytes, Floats

_WINDOW = (3, 3)
_SMOOTHNESS = 15.0  # variance of luma, in levels squared, below which a region counts as flat
# Both ends a little further out: what filtering left of almost nothing and almost all is nothing and all.
_STRETCH = 1.04
_SHIFT = -0.02 * 255
_REACH = 1  # rows of chroma above and below one of luma that it is made of


@dataclass(frozen=True, slots=True)
class Matte:
    """Transparency, 255 for what is gone, in the sizes of luma and chroma."""

    luma: Bytes
    chroma: Bytes


class EdgeFilter:
    """A guided filter: lets the edges of transparency follow those of luma, which has twice the resolution of chroma.

    Its coefficients are worked out at the size of chroma and applied at that of luma. Takes strips of at most `width`
    columns, whose rows are a band's and those of the halo.
    """

    def __init__(self, width: int) -> None:
        rows = BAND + 2 * HALO
        self._floats = np.empty((7, rows, width), np.float32)
        self._large = np.empty((3, 2 * (BAND + 2 * _REACH), 2 * width), np.float32)
        self._luma = np.empty((2 * BAND, 2 * width), np.uint8)
        self._chroma = np.empty((rows, width), np.uint8)

    def apply(self, luma: Bytes, guide: Bytes, transparency: Bytes) -> Matte:
        """The matte of a band from transparency at the size of chroma, and `guide`, which is luma at that size.

        These two have halos. Valid until the next call.
        """
        columns = guide.shape[1]
        slope, offset, product, guide_values = self._coefficients(guide, transparency)
        chroma = self._chroma[:, :columns]
        cv2.multiply(slope, guide_values, product)
        _write_bytes(np.add(product, offset, out=product), chroma)
        return Matte(self._grown(slope, offset, luma), chroma[HALO:-HALO])

    def _grown(self, slope: Floats, offset: Floats, luma: Bytes) -> Bytes:
        rows = slice(HALO - _REACH, _REACH - HALO)
        inner = slice(2 * _REACH, -2 * _REACH)
        large_slope, large_offset, value = self._large[..., : luma.shape[1]]
        size = (large_slope.shape[1], large_slope.shape[0])
        matte = self._luma[:, : luma.shape[1]]
        cv2.resize(slope[rows], size, large_slope)
        cv2.resize(offset[rows], size, large_offset)
        np.copyto(value[inner], luma)
        values = np.multiply(large_slope[inner], value[inner], out=value[inner])
        _write_bytes(np.add(values, large_offset[inner], out=values), matte)
        return matte

    def _coefficients(self, luma: Bytes, transparency: Bytes) -> tuple[Floats, Floats, Floats, Floats]:
        """Per pixel: transparency is near `slope * luma + offset`. Besides memory to work in, and luma as floats."""
        guide, given, product, mean, given_mean, slope, variance = self._floats[..., : luma.shape[1]]
        np.copyto(guide, luma)
        np.copyto(given, transparency)
        cv2.blur(guide, _WINDOW, mean)
        cv2.blur(given, _WINDOW, given_mean)
        cv2.blur(cv2.multiply(guide, given, product), _WINDOW, slope)
        cv2.blur(cv2.multiply(guide, guide, product), _WINDOW, variance)
        slope -= np.multiply(mean, given_mean, out=product)
        variance -= np.multiply(mean, mean, out=product)
        variance += np.float32(_SMOOTHNESS)
        slope /= variance
        given_mean -= np.multiply(slope, mean, out=product)
        even_slope, offset = variance, mean
        cv2.blur(slope, _WINDOW, even_slope)
        cv2.blur(given_mean, _WINDOW, offset)
        even_slope *= np.float32(_STRETCH)
        offset *= np.float32(_STRETCH)
        offset += np.float32(_SHIFT)
        return even_slope, offset, product, guide


def _write_bytes(values: Floats, out: Bytes) -> None:
    """Changes the values."""
    cv2.convertScaleAbs(np.maximum(values, 0, out=values), out)
