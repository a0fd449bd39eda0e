"""Brings the mouth of a picture to where a voice wants it, and looks whether it got there."""

from __future__ import annotations

from services.video.engines.mesh_warp.faces.mesh import FaceMesh
from services.video.engines.mesh_warp.faces.points import Face, Points, opening_of
from services.video.engines.mesh_warp.mouth.patch import move_mouth
from services.video.engines.mesh_warp.mouth.response import Response
from services.video.engines.mesh_warp.mouth.warp import WIDEST, Stance
from services.video.engines.mesh_warp.picture import Picture

_MAX_GAP = 1.2 * WIDEST
_GOOD_ENOUGH = 0.04  # of the span of readings
_CORRECTIONS = 2


class Speaker:
    """Moves mouths. The lines of lips that a mesh sees are not exact, least on a mouth that speaks already: what came
    of a try is read again, and the next one, from the same source, makes up for the difference."""

    def __init__(self, mesh: FaceMesh, response: Response) -> None:
        self._mesh = mesh
        self._response = response

    def move(self, picture: Picture, points: Points, *, opening: float, spread: float, strength: float) -> Picture:
        """The picture with its mouth as open and as wide as that; `strength` below 1 blends with what was there."""
        response = self._response
        wanted = response.reading(opening)
        gap = response.gap_to_read(wanted)
        moved = move_mouth(picture, points, Stance(gap, spread), strength=strength)
        for _ in range(_CORRECTIONS if strength == 1 else 0):
            missed = wanted - self._read(moved, points)
            corrected = min(max(gap + missed * WIDEST / response.span, 0.0), _MAX_GAP)
            if abs(missed) < _GOOD_ENOUGH * response.span or corrected == gap:
                break
            gap = corrected
            moved = move_mouth(picture, points, Stance(gap, spread))
        return moved

    def _read(self, picture: Picture, points: Points) -> float:
        return opening_of(self._mesh.near(picture, Face(points, 1.0)).points)
