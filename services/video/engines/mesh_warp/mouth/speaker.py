"""Brings the mouth of a picture to where a voice wants it, and looks whether it got there."""

from __future__ import annotations

from services.video.engines.mesh_warp.faces.mesh import FaceMesh
from services.video.engines.mesh_warp.faces.points import Face, Points, opening_of
from services.video.engines.mesh_warp.mouth.patch import move_mouth
from services.video.engines.mesh_warp.mouth.reduced import reduced
from services.video.engines.mesh_warp.mouth.response import Response
from services.video.engines.mesh_warp.mouth.warp import Stance
from services.video.engines.mesh_warp.picture import Picture

_GOOD_ENOUGH = 0.02  # of the span of readings
_TRIES = 5
_TRIED_AT = 64  # pixels in a unit of the face: a little more than the mesh itself sees


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
        if strength == 1:
            gap = self._corrected(picture, points, Stance(gap, spread), wanted)
        return move_mouth(picture, points, Stance(gap, spread), strength=strength)

    def _corrected(self, picture: Picture, points: Points, stance: Stance, wanted: float) -> float:
        """The gap, of some that are tried, at which the mesh comes nearest to reading what is wanted."""
        small, face = reduced(picture, points, pixels_per_unit=_TRIED_AT)
        response, gap = self._response, stance.gap
        tries: list[tuple[float, float]] = []
        while len(tries) < _TRIES:
            tried = move_mouth(small, face, Stance(gap, stance.spread))
            reading = opening_of(self._mesh.near(tried, Face(face, 1.0)).points)
            tries.append((abs(wanted - reading), gap))
            if tries[-1][0] < _GOOD_ENOUGH * response.span:
                break
            # As if this picture were read higher or lower than the typical one throughout.
            gap = response.gap_to_read(wanted - (reading - response.reading_at(gap)))
        return min(tries)[1]
