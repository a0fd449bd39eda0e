"""Pictures as decoders give them and encoders take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]

NEUTRAL = 128
"""Chroma of every grey."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a picture, in pixels of luma; both even."""

    width: int
    height: int

    @property
    def chroma(self) -> tuple[int, int]:
        """Width and height of the chroma planes."""
        return self.width // 2, self.height // 2


@dataclass(frozen=True, slots=True)
class Planes:
    """4:2:0, 8 bits, limited range. `u` and `v` have half the rows and columns of `luma`."""

    luma: Bytes
    u: Bytes
    v: Bytes

    @property
    def size(self) -> Size:
        height, width = self.luma.shape
        return Size(width, height)


def empty_planes(size: Size) -> Planes:
    """Planes to be filled."""
    width, height = size.chroma
    chroma = (height, width)
    return Planes(np.empty((size.height, size.width), np.uint8), np.empty(chroma, np.uint8), np.empty(chroma, np.uint8))


def copy_planes(planes: Planes, to: Planes) -> None:
    """Of the same size."""
    np.copyto(to.luma, planes.luma)
    np.copyto(to.u, planes.u)
    np.copyto(to.v, planes.v)
