"""The mouth of a picture in coordinates of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.video.engines.mesh_warp.faces.points import (
    CHIN,
    LEFT_CORNER,
    LEFT_EYE,
    LOWER_INNER,
    LOWER_OUTER,
    NOSE_BASE,
    RIGHT_CORNER,
    RIGHT_EYE,
    UPPER_INNER,
    UPPER_OUTER,
    Points,
    scale_of,
)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Contour:
    """A line of lips: `across` ascends from the picture's left to its right."""

    across: Floats
    down: Floats

    def at(self, across: Floats) -> Floats:
        """How far down it is there; beyond its ends as at them."""
        return np.interp(across, self.across, self.down).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Mouth:
    """Where the mouth is, and its lines.

    The coordinates: the origin amid the corners, `across` along the line of the eyes, `down` square to it; the unit is
    `scale` pixels, the width of this person's mouth at rest.
    """

    origin: Floats
    axis: Floats
    scale: float
    upper_outer: Contour
    upper_inner: Contour
    lower_inner: Contour
    lower_outer: Contour
    nose: float
    chin: float

    @property
    def middle(self) -> float:
        """Where across the lips part widest."""
        return float(self.upper_inner.across.mean())

    @property
    def half_width(self) -> float:
        """From the middle to where the inner lips meet."""
        return float(self.upper_inner.across[-1] - self.upper_inner.across[0]) / 2

    @property
    def gap(self) -> float:
        """Between the inner lips in the middle; never negative."""
        middle = np.array([self.middle], np.float32)
        return max(0.0, float((self.lower_inner.at(middle) - self.upper_inner.at(middle))[0]))

    def coordinates_of(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Across and down of pixels."""
        dx, dy = (x - self.origin[0]) / self.scale, (y - self.origin[1]) / self.scale
        return dx * self.axis[0] + dy * self.axis[1], dy * self.axis[0] - dx * self.axis[1]

    def pixels_of(self, across: Floats, down: Floats) -> tuple[Floats, Floats]:
        """The other way."""
        x = self.origin[0] + self.scale * (across * self.axis[0] - down * self.axis[1])
        y = self.origin[1] + self.scale * (across * self.axis[1] + down * self.axis[0])
        return x.astype(np.float32), y.astype(np.float32)


def mouth_of(points: Points) -> Mouth:
    """The mouth of a face."""
    flat = points[:, :2]
    origin = (flat[RIGHT_CORNER] + flat[LEFT_CORNER]) / 2
    # The eyes give a steadier direction than the mouth, whose corners move while it speaks.
    axis = flat[LEFT_EYE] - flat[RIGHT_EYE]
    axis = axis / max(float(np.linalg.norm(axis)), 1e-6)
    scale = max(scale_of(points), 1.0)
    local = (flat - origin) / scale
    across = local @ axis
    down = local @ np.array([-axis[1], axis[0]], np.float32)

    def contour(indices: tuple[int, ...]) -> Contour:
        chosen = np.array(indices)
        order = np.argsort(across[chosen])
        return Contour(across[chosen][order], down[chosen][order])

    return Mouth(
        origin=origin.astype(np.float32),
        axis=axis.astype(np.float32),
        scale=scale,
        upper_outer=contour(UPPER_OUTER),
        upper_inner=contour(UPPER_INNER),
        lower_inner=contour(LOWER_INNER),
        lower_outer=contour(LOWER_OUTER),
        nose=float(down[NOSE_BASE]),
        chin=float(down[CHIN]),
    )
