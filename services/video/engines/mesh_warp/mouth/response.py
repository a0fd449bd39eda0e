"""What a mesh sees of mouths that are moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.video.engines.mesh_warp.faces.mesh import FaceMesh
from services.video.engines.mesh_warp.faces.points import Face, opening_of
from services.video.engines.mesh_warp.mouth.patch import move_mouth
from services.video.engines.mesh_warp.mouth.warp import WIDEST, Stance
from services.video.engines.mesh_warp.picture import Picture

_SAMPLES = 7
_EVERY = 12  # pictures with the face, so that the samples are not all alike
_LEAST_RANGE = 0.1


_TRIED = (0.0, 0.15, 0.4, 0.7, 1.0)  # of the widest gap
_SAMPLES = 6
_EVERY = 12  # pictures with the face, so that the samples are not all alike
_LEAST_RISE = 0.004  # of the reading from one try to the next: it can be gone back from


@dataclass(frozen=True, slots=True)
class Response:
    """What a mesh reads from this person's mouth at some gaps; both ascend.

    It is not what was asked for: a smile looks open to the mesh even when it is shut.
    """

    gaps: tuple[float, ...]
    readings: tuple[float, ...]

    @property
    def span(self) -> float:
        """Of the readings."""
        return self.readings[-1] - self.readings[0]

    def reading(self, opening: float) -> float:
        """What the mesh should read at an opening of 0..1."""
        return self.readings[0] + self.span * opening

    def reading_at(self, gap: float) -> float:
        """What the mesh typically reads at a gap."""
        return float(np.interp(gap, self.gaps, self.readings))

    def gap_to_read(self, reading: float) -> float:
        """The gap that gives a reading."""
        return float(np.interp(reading, self.readings, self.gaps))


class ResponseSampler:
    """Tries mouths on some pictures of a video and remembers what the mesh reads from them."""

    def __init__(self, mesh: FaceMesh) -> None:
        self._mesh = mesh
        self._faces = 0
        self._gaps = tuple(WIDEST * share for share in _TRIED)
        self._samples: list[list[float]] = []

    def look(self, picture: Picture, face: Face) -> None:
        """Takes a picture with the face into account, or leaves it be."""
        is_due, self._faces = self._faces % _EVERY == 0, self._faces + 1
        if is_due and len(self._samples) < _SAMPLES:
            self._samples.append([self._read(picture, face, gap) for gap in self._gaps])

    @property
    def response(self) -> Response:
        """The response of the person, once any face was seen."""
        typical = np.median(np.array(self._samples), axis=0)
        rise = _LEAST_RISE * np.arange(len(typical))
        ascending = np.maximum.accumulate(typical - rise) + rise
        return Response(self._gaps, tuple(float(value) for value in ascending))

    def _read(self, picture: Picture, face: Face, gap: float) -> float:
        moved = move_mouth(picture, face.points, Stance(gap, 0.0))
        return opening_of(self._mesh.near(moved, face).points)
