"""The points of a face."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from services.video.engines.mesh_warp.faces.detector import Detection
from services.video.engines.mesh_warp.faces.model import LiteModel, sigmoid
from services.video.engines.mesh_warp.faces.points import COUNT, LEFT_EYE, RIGHT_EYE, Face
from services.video.engines.mesh_warp.picture import Matrix, Picture, sample_rgb

_SIZE = 192
_MARGIN = 1.5  # the cut-out is that much larger than the face, as the model was trained


class FaceMesh:
    """MediaPipe's face mesh."""

    def __init__(self, model: Path) -> None:
        self._model = LiteModel(model)

    def of_detection(self, picture: Picture, found: Detection) -> Face:
        """The face that was found there."""
        return self._look(picture, _cut(found.x, found.y, found.size, found.angle))

    def near(self, picture: Picture, before: Face) -> Face:
        """The face that was there in the picture before. Its presence tells whether it still is."""
        points = before.points
        low, high = points[:, :2].min(0), points[:, :2].max(0)
        across = points[LEFT_EYE] - points[RIGHT_EYE]
        x, y = (low + high) / 2
        angle = float(np.arctan2(across[1], across[0]))
        return self._look(picture, _cut(float(x), float(y), float((high - low).max()), angle))

    def _look(self, picture: Picture, to_picture: Matrix) -> Face:
        shown = sample_rgb(picture, to_picture, _SIZE)
        raw, presence = self._model(shown.astype(np.float32) / 255.0)
        points = raw.reshape(COUNT, 3)
        flat = points[:, :2] @ to_picture[:, :2].T + to_picture[:, 2]
        depth = points[:, 2:] * float(np.hypot(to_picture[0, 0], to_picture[1, 0]))
        return Face(np.concatenate([flat, depth], axis=1), float(sigmoid(presence).ravel()[0]))


def _cut(x: float, y: float, size: float, angle: float) -> Matrix:
    """The map from the model's input to the picture."""
    step, half = size * _MARGIN / _SIZE, _SIZE / 2
    cos, sin = np.cos(angle) * step, np.sin(angle) * step
    return np.array([[cos, -sin, x - (cos - sin) * half], [sin, cos, y - (sin + cos) * half]], np.float32)
