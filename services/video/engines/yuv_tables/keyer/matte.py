"""How transparent each pixel is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from services.video.engines.yuv_tables.keyer.planes import Bytes, Floats, Size

_WINDOW = (3, 3)
_SMOOTHNESS = 15.0  # variance of luma, in levels squared, below which a region counts as flat
# Both ends a little further out: what filtering left of almost nothing and almost all is nothing and all.
_STRETCH = 1.04
_SHIFT = -0.02 * 255


@dataclass(frozen=True, slots=True)
class Matte:
    """Transparency, 255 for what is gone, in the sizes of luma and chroma."""

    luma: Bytes
    chroma: Bytes


class EdgeFilter:
    """A guided filter: lets the edges of transparency follow those of luma, which has twice the resolution of chroma.

    Its coefficients are worked out at the size of chroma and applied at that of luma.
    """

    def __init__(self, size: Size) -> None:
        width, height = size.chroma
        self._size = (size.width, size.height)
        self._chroma_size = (width, height)
        small, large = (height, width), (size.height, size.width)
        self._guide, self._given, self._product = (np.empty(small, np.float32) for _ in range(3))
        self._mean, self._given_mean, self._slope, self._variance = (np.empty(small, np.float32) for _ in range(4))
        self._half = np.empty(small, np.uint8)
        self._large, self._large_slope, self._large_offset = (np.empty(large, np.float32) for _ in range(3))
        self._matte = Matte(np.empty(large, np.uint8), np.empty(small, np.uint8))

    def apply(self, luma: Bytes, transparency: Bytes) -> Matte:
        """The matte from transparency at the size of chroma. Valid until the next call."""
        cv2.resize(luma, self._chroma_size, self._half, interpolation=cv2.INTER_AREA)
        slope, offset = self._coefficients(transparency)
        cv2.multiply(slope, self._guide, self._product)
        cv2.add(self._product, offset, self._matte.chroma, None, cv2.CV_8U)
        cv2.resize(slope, self._size, self._large_slope)
        cv2.resize(offset, self._size, self._large_offset)
        np.copyto(self._large, luma)
        cv2.multiply(self._large_slope, self._large, self._large)
        cv2.add(self._large, self._large_offset, self._matte.luma, None, cv2.CV_8U)
        return self._matte

    def _coefficients(self, transparency: Bytes) -> tuple[Floats, Floats]:
        """Per pixel: transparency is near `slope * luma + offset`."""
        guide, given, product = self._guide, self._given, self._product
        mean, given_mean, slope, variance = self._mean, self._given_mean, self._slope, self._variance
        np.copyto(guide, self._half)
        np.copyto(given, transparency)
        cv2.blur(guide, _WINDOW, mean)
        cv2.blur(given, _WINDOW, given_mean)
        cv2.blur(np.multiply(guide, given, out=product), _WINDOW, slope)
        cv2.blur(np.multiply(guide, guide, out=product), _WINDOW, variance)
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
        return even_slope, offset
