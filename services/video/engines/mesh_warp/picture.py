"""A picture as decoders give it and encoders take it: 4:2:0 planes of 8 bits."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Matrix = NDArray[np.float32]

_BLACK_LUMA = 16
_NO_CHROMA = 128
# Sampling further apart than this skips pixels: the picture is averaged down first.
_MAX_STEP = 1.5


@dataclass(frozen=True, slots=True)
class Picture:
    """`planes` is I420: (height * 3 / 2, width), with both sizes even. The planes are views into it."""

    planes: Bytes

    @property
    def width(self) -> int:
        return int(self.planes.shape[1])

    @property
    def height(self) -> int:
        return int(self.planes.shape[0]) * 2 // 3

    @property
    def luma(self) -> Bytes:
        return self.planes[: self.height]

    @property
    def chroma(self) -> tuple[Bytes, Bytes]:
        """U and V, each of half the width and height."""
        half = (self.height // 2, self.width // 2)
        both = self.planes[self.height :].reshape(2, *half)
        return both[0], both[1]

    def copy(self) -> Picture:
        return Picture(self.planes.copy())


def upright(picture: Picture, degrees_clockwise: int) -> Picture:
    """The picture turned by a multiple of 90 degrees."""
    turns = degrees_clockwise // 90 % 4
    if not turns:
        return picture
    return join_planes(*(np.rot90(plane, -turns) for plane in (picture.luma, *picture.chroma)))


def join_planes(luma: Bytes, u: Bytes, v: Bytes) -> Picture:
    """A picture of copies of these planes."""
    height, width = luma.shape
    return Picture(np.concatenate([luma.ravel(), u.ravel(), v.ravel()]).reshape(height * 3 // 2, width))


def picture_of(bgr: Bytes) -> Picture:
    """From a colour image. An odd row or column at the end is left out."""
    height, width = bgr.shape[0] // 2 * 2, bgr.shape[1] // 2 * 2
    even = np.ascontiguousarray(bgr[:height, :width])
    return Picture(np.asarray(cv2.cvtColor(even, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8))


def sample_rgb(picture: Picture, to_picture: Matrix, size: int) -> Bytes:
    """A square cut-out of `size` (even) pixels in RGB; `to_picture` (2x3) takes its pixels to those of the picture.

    What lies outside of the picture is black.
    """
    luma = _sample(picture.luma, to_picture, size, outside=_BLACK_LUMA)
    coarse = _to_chroma(to_picture)
    u, v = (_sample(plane, coarse, size // 2, outside=_NO_CHROMA) for plane in picture.chroma)
    return np.asarray(cv2.cvtColor(join_planes(luma, u, v).planes, cv2.COLOR_YUV2RGB_I420), dtype=np.uint8)


def _to_chroma(to_picture: Matrix) -> Matrix:
    """The same map between the half-size planes of both sides. A chroma sample lies amid its four luma samples."""
    linear, offset = to_picture[:, :2], to_picture[:, 2]
    middle = linear @ np.array([0.5, 0.5], np.float32) + offset
    return np.column_stack([linear, (middle - 0.5) / 2]).astype(np.float32)


def _sample(plane: Bytes, to_plane: Matrix, size: int, *, outside: int) -> Bytes:
    step = float(np.hypot(to_plane[0, 0], to_plane[1, 0]))
    factor = int(step / _MAX_STEP) + 1 if step > _MAX_STEP else 1
    if factor > 1:
        plane, to_plane = _shrink(plane, to_plane, size, factor)
    return np.asarray(
        cv2.warpAffine(
            plane,
            to_plane,
            (size, size),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=float(outside),
        ),
        dtype=np.uint8,
    )


def _shrink(plane: Bytes, to_plane: Matrix, size: int, factor: int) -> tuple[Bytes, Matrix]:
    """The part of a plane that will be looked at, `factor` times smaller, and the map to it."""
    corners = np.array([[0, 0, 1], [size, 0, 1], [0, size, 1], [size, size, 1]], np.float32) @ to_plane.T
    height, width = plane.shape
    low = np.clip(np.floor(corners.min(0)).astype(int) - factor, 0, [width, height])
    high = np.clip(np.ceil(corners.max(0)).astype(int) + factor, 0, [width, height])
    columns, rows = (int(n) for n in (high - low) // factor)
    if columns < 1 or rows < 1:
        return plane, to_plane
    part = plane[low[1] : low[1] + rows * factor, low[0] : low[0] + columns * factor]
    small = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA)
    moved = to_plane.copy()
    moved[:, 2] -= low.astype(np.float32) + np.float32((factor - 1) / 2)
    return np.asarray(small, dtype=np.uint8), (moved / np.float32(factor)).astype(np.float32)
