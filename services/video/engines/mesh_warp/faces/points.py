"""Names for the points of MediaPipe's face mesh, and what is measured on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]

COUNT = 468

RIGHT_EYE, LEFT_EYE = 33, 263
"""Outer corners; the person's right is the picture's left."""
RIGHT_CORNER, LEFT_CORNER = 61, 291
UPPER_INNER_MIDDLE, LOWER_INNER_MIDDLE = 13, 14
NOSE_BASE, CHIN = 2, 152
UPPER_OUTER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
UPPER_INNER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_INNER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
LOWER_OUTER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
CHEEKS = (50, 280, 205, 425)

# A mouth at rest is about this wide, measured by the distance of the outer corners of the eyes.
_MOUTH_PER_EYES = 0.55


@dataclass(frozen=True, slots=True)
class Face:
    """One face of one picture. `points` (468, 3) are pixels; depth grows away from the camera. `presence` is 0..1."""

    points: Points
    presence: float


def scale_of(points: Points) -> float:
    """The unit of everything measured on a face, in pixels: the width of its mouth at rest.

    It comes from the eyes, which neither speaking nor turning the head changes.
    """
    return float(np.linalg.norm(points[LEFT_EYE] - points[RIGHT_EYE])) * _MOUTH_PER_EYES


def opening_of(points: Points) -> float:
    """How far the inner lips are apart, in units of the face."""
    gap = points[LOWER_INNER_MIDDLE, :2] - points[UPPER_INNER_MIDDLE, :2]
    return float(np.linalg.norm(gap)) / max(scale_of(points), 1e-6)


def yaw_of(points: Points) -> float:
    """How far the head is turned to a side, in degrees; 0 looks into the camera."""
    across = points[LEFT_EYE] - points[RIGHT_EYE]
    return float(np.degrees(np.arctan2(across[2], np.linalg.norm(across[:2]))))


def box_of(points: Points) -> tuple[float, float, float, float]:
    """Left, top, right, bottom in pixels."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
