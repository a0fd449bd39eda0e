"""One person's face through a video."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.video.engines.mesh_warp.faces.detector import FaceDetector
from services.video.engines.mesh_warp.faces.likeness import Likeness, alike, likeness_of
from services.video.engines.mesh_warp.faces.mesh import FaceMesh
from services.video.engines.mesh_warp.faces.points import Face, scale_of, yaw_of
from services.video.engines.mesh_warp.picture import Picture

MIN_PRESENCE = 0.6
MAX_YAW_DEGREES = 42.0
_MIN_SCALE_PIXELS = 8.0
_MAX_JUMP = 1.2  # between two pictures, in units of the face
_LOOK_EVERY = 10  # pictures without the face, between searches for it
_MIN_ALIKE = 0.3
_MAX_WANTED = 2


@dataclass(frozen=True, slots=True)
class FaceModels:
    """What faces are found with."""

    detector: FaceDetector
    mesh: FaceMesh

    def all_faces(self, picture: Picture) -> list[Face]:
        """Every face that is clear enough to be worked on."""
        faces = [self.mesh.of_detection(picture, found) for found in self.detector.detect(picture)]
        # A second look from where the points are is better than one from where the detector saw a square.
        return [face for face in (self.mesh.near(picture, face) for face in faces) if is_usable(face)]


def is_usable(face: Face) -> bool:
    """Whether a mouth can be moved on it: clear, large enough, not in profile."""
    is_clear = face.presence >= MIN_PRESENCE and bool(np.isfinite(face.points).all())
    return is_clear and scale_of(face.points) >= _MIN_SCALE_PIXELS and abs(yaw_of(face.points)) <= MAX_YAW_DEGREES


class FaceTracker:
    """Follows one face: the one most like `wanted`, or without one the largest of the first picture that has any.

    A face that is lost is looked for again; among several the most similar one is taken, and none that is too
    different, since a scene may show somebody else alone.
    """

    def __init__(self, models: FaceModels, wanted: Likeness | None) -> None:
        self._models = models
        self._wanted = [] if wanted is None else [wanted]
        self._face: Face | None = None
        self._missed = 0

    def next(self, picture: Picture) -> Face | None:
        """The face in the next picture of the video; None while it is not clearly there."""
        face = self._follow(picture)
        if face is None and self._missed % _LOOK_EVERY == 0:
            face = self._search(picture)
        self._missed = 0 if face is not None else self._missed + 1
        self._face = face
        return face

    def _follow(self, picture: Picture) -> Face | None:
        if self._face is None:
            return None
        face = self._models.mesh.near(picture, self._face)
        return face if is_usable(face) and _jump(self._face, face) <= _MAX_JUMP else None

    def _search(self, picture: Picture) -> Face | None:
        faces = self._models.all_faces(picture)
        if not faces:
            return None
        likenesses = [likeness_of(picture, face) for face in faces]
        if not self._wanted:
            chosen = max(range(len(faces)), key=lambda index: scale_of(faces[index].points))
        else:
            scores = [max(alike(seen, wanted) for wanted in self._wanted) for seen in likenesses]
            chosen = int(np.argmax(scores))
            if scores[chosen] < _MIN_ALIKE:
                return None
        if self._face is None and len(self._wanted) < _MAX_WANTED:
            # In the light and pose of this video the person is easier to know again than by a photograph.
            self._wanted.append(likenesses[chosen])
        return faces[chosen]


def _jump(before: Face, after: Face) -> float:
    moved = np.linalg.norm(after.points[:, :2].mean(axis=0) - before.points[:, :2].mean(axis=0))
    return float(moved) / max(scale_of(before.points), 1e-6)
