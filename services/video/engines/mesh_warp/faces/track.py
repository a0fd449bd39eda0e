"""The face of a whole video, once all of it has been seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.video.engines.mesh_warp.faces.points import COUNT, Face, Points, scale_of

Floats = NDArray[np.float32]

_REACH = 2  # pictures to each side
_TIME_BLUR = 1.0
_MOVED = 0.02  # units of the face; a point that moved this much is no longer averaged with where it was
_FADE = 4  # pictures over which the speaking mouth comes and goes with the face


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """`points` (n, 468, 3) are steadied; those of pictures without the face are zero. `strength` (n) is 0 there and
    rises to 1 near it."""

    points: Floats
    strength: Floats

    def __len__(self) -> int:
        return len(self.strength)

    @property
    def missing_share(self) -> float:
        """Of pictures without the face; 1 for no pictures at all."""
        return float((self.strength == 0).mean()) if len(self) else 1.0


def track_of(faces: list[Face | None]) -> FaceTrack:
    """The track of what was seen picture by picture."""
    points = np.zeros((len(faces), COUNT, 3), np.float32)
    for index, face in enumerate(faces):
        if face is not None:
            points[index] = face.points
    is_there = np.array([face is not None for face in faces], bool)
    return FaceTrack(_steadied(points, is_there), _strength(is_there))


def _steadied(points: Floats, is_there: NDArray[np.bool_]) -> Floats:
    """Takes the trembling of the mesh out: each point is averaged over time with itself, less the more it moved."""
    steady = np.zeros_like(points)
    for index in np.flatnonzero(is_there):
        steady[index] = _average(points, is_there, int(index))
    return steady


def _average(points: Floats, is_there: NDArray[np.bool_], index: int) -> Points:
    here = points[index]
    tolerance = max(_MOVED * scale_of(here), 1e-6)
    total, weights = np.zeros_like(here), np.zeros((COUNT, 1), np.float32)
    for other in range(max(0, index - _REACH), min(len(points), index + _REACH + 1)):
        if is_there[other]:
            moved = np.linalg.norm(points[other, :, :2] - here[:, :2], axis=1, keepdims=True) / tolerance
            weight = np.exp(-0.5 * moved**2 - 0.5 * ((other - index) / _TIME_BLUR) ** 2)
            total += weight * points[other]
            weights += weight
    return np.asarray(total / weights, dtype=np.float32)


def _strength(is_there: NDArray[np.bool_]) -> Floats:
    missing = np.flatnonzero(~is_there)
    if not len(missing):
        return np.ones(len(is_there), np.float32)
    distance = np.abs(np.arange(len(is_there))[:, np.newaxis] - missing[np.newaxis]).min(axis=1)
    return np.asarray(np.clip(distance / _FADE, 0.0, 1.0), dtype=np.float32)
