"""The face of a large picture in a small one, to try on what would be dear in full size."""

from __future__ import annotations

import cv2
import numpy as np

from services.video.engines.mesh_warp.faces.points import Points, box_of, scale_of
from services.video.engines.mesh_warp.picture import Bytes, Picture, join_planes

_MARGIN = 0.6  # around the points, of their own size: what the mesh looks at, and the reach of a moved mouth


def reduced(picture: Picture, points: Points, *, pixels_per_unit: float) -> tuple[Picture, Points]:
    """The part with the face, made so much smaller that a unit of the face has these pixels, and its points.

    A face that is small already stays as it is.
    """
    factor = int(scale_of(points) / pixels_per_unit)
    if factor < 2:
        return picture, points
    left, top, right, bottom = _bounds(picture, points, factor)
    planes: list[Bytes] = [picture.luma[top:bottom, left:right]]
    planes += [plane[top // 2 : bottom // 2, left // 2 : right // 2] for plane in picture.chroma]
    small = [cv2.resize(p, (p.shape[1] // factor, p.shape[0] // factor), interpolation=cv2.INTER_AREA) for p in planes]
    moved = points.copy()
    moved[:, :2] -= np.array([left, top], np.float32) + np.float32((factor - 1) / 2)
    return join_planes(*(np.asarray(plane, dtype=np.uint8) for plane in small)), moved / np.float32(factor)


def _bounds(picture: Picture, points: Points, factor: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom, such that both kinds of planes can be divided."""
    left, top, right, bottom = box_of(points)
    margin = _MARGIN * max(right - left, bottom - top)
    step = 2 * factor
    x, y = (max(0, int(low - margin)) // 2 * 2 for low in (left, top))
    columns = (min(picture.width, int(right + margin)) - x) // step * step
    rows = (min(picture.height, int(bottom + margin)) - y) // step * step
    return x, y, x + max(columns, step), y + max(rows, step)
