"""Where a picture is all screen, where it is all person, and where both are mixed: only there is something to key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from services.video.engines.yuv_tables.keyer.planes import Bytes, Size

BAND = 24
"""Rows of chroma from which the columns of a place are told; no place is higher."""
HALO = 3
"""Rows and columns of chroma beside a place that have a say in what becomes of it."""

_BESIDE = np.ones((1, 2 * HALO + 1), np.uint8)
# Beginning another place costs more than keying the few columns between two.
_NEAR = np.ones((1, 17), np.uint8)


_WHOLE, _GONE, _MIXED, _NONE = (np.uint8(kind) for kind in range(4))


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle, in rows and columns of chroma."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def chroma(self) -> tuple[slice, slice]:
        """In planes of the size of chroma."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def luma(self) -> tuple[slice, slice]:
        """In planes of the size of luma."""
        return slice(2 * self.top, 2 * self.bottom), slice(2 * self.left, 2 * self.right)


@dataclass(frozen=True, slots=True)
class Places:
    """Of a picture; the rest of it is screen and nothing else."""

    whole: tuple[Place, ...]
    mixed: tuple[Place, ...]


class PlaceFinder:
    """`most_whole` and `least_gone`: shares up to which a pixel is person alone, from which it is screen alone."""

    def __init__(self, size: Size, *, most_whole: int, least_gone: int) -> None:
        width, height = size.chroma
        self._most_whole, self._least_gone = most_whole, least_gone
        self._bands = [(top, min(top + BAND, height)) for top in range(0, height, BAND)]
        shape = (len(self._bands), width + 2 * HALO)
        self._lowest, self._highest = np.empty(shape, np.uint8), np.empty(shape, np.uint8)
        # One column more, so that every band begins anew.
        self._kinds = np.full((len(self._bands), width + 1), _NONE, np.uint8)

    def find(self, shares: Bytes) -> Places:
        """From a plane with halo."""
        for index, (top, bottom) in enumerate(self._bands):
            rows = shares[top : bottom + 2 * HALO]
            np.minimum.reduce(rows, axis=0, out=self._lowest[index])
            np.maximum.reduce(rows, axis=0, out=self._highest[index])
        inner = slice(HALO, -HALO)
        is_gone = cv2.erode(self._lowest, _BESIDE)[:, inner] >= self._least_gone
        is_whole = cv2.dilate(self._highest, _BESIDE)[:, inner] <= self._most_whole
        is_mixed = cv2.morphologyEx((~(is_gone | is_whole)).view(np.uint8), cv2.MORPH_CLOSE, _NEAR)
        np.maximum(is_gone.view(np.uint8), is_mixed * _MIXED, out=self._kinds[:, 1:])
        return Places(tuple(self._of_kind(_WHOLE)), tuple(self._of_kind(_MIXED)))

    def _of_kind(self, kind: np.uint8) -> Iterator[Place]:
        is_kind = self._kinds.ravel() == kind
        edges = [*(np.flatnonzero(is_kind[1:] != is_kind[:-1]) + 1).tolist(), is_kind.size]
        width = self._kinds.shape[1]
        for first, end in zip(edges[::2], edges[1::2], strict=False):
            band, left = divmod(first, width)
            top, bottom = self._bands[band]
            yield Place(top, bottom, left - 1, left - 1 + end - first)
