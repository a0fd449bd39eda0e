"""Where faces are in a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.video.engines.mesh_warp.faces.model import LiteModel, sigmoid
from services.video.engines.mesh_warp.picture import Matrix, Picture, sample_rgb

_SIZE = 128
_GRIDS = ((16, 2), (8, 6))  # cells a side, anchors a cell
_MIN_SCORE = 0.5
_MAX_OVERLAP = 0.3
_MAX_FACES = 8


@dataclass(frozen=True, slots=True)
class Detection:
    """A face's square in pixels of the picture; `angle` is that of the line between the eyes, in radians."""

    x: float
    y: float
    size: float
    angle: float
    score: float


class FaceDetector:
    """MediaPipe's short-range detector. It sees faces from about a tenth of the square it is shown."""

    def __init__(self, model: Path) -> None:
        self._model = LiteModel(model)
        self._anchors = _make_anchors()

    def detect(self, picture: Picture) -> list[Detection]:
        """The faces of a picture, the surest first. Small ones are only looked for when there is no other."""
        for squares in (_whole(picture), _parts(picture)):
            found = [detection for square in squares for detection in self._detect_in(picture, square)]
            if found:
                return _distinct(found)
        return []

    def _detect_in(self, picture: Picture, square: tuple[float, float, float]) -> Iterator[Detection]:
        left, top, side = square
        step = side / _SIZE
        to_picture: Matrix = np.array([[step, 0, left + (step - 1) / 2], [0, step, top + (step - 1) / 2]], np.float32)
        shown = sample_rgb(picture, to_picture, _SIZE)
        boxes, scores = self._model(shown.astype(np.float32) / 127.5 - 1.0)
        score = sigmoid(scores[0, :, 0])
        for index in np.flatnonzero(score >= _MIN_SCORE):
            anchor, box = self._anchors[index], boxes[0, index]
            middle = (box[:2] / _SIZE + anchor) * side
            right_eye, left_eye = (box[4:6], box[6:8])
            yield Detection(
                x=float(left + middle[0]),
                y=float(top + middle[1]),
                size=float(box[2:4].max() / _SIZE * side),
                angle=float(np.arctan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0])),
                score=float(score[index]),
            )


def _make_anchors() -> NDArray[np.float32]:
    centers = [
        ((column + 0.5) / cells, (row + 0.5) / cells)
        for cells, count in _GRIDS
        for row in range(cells)
        for column in range(cells)
        for _ in range(count)
    ]
    return np.array(centers, np.float32)


def _whole(picture: Picture) -> list[tuple[float, float, float]]:
    side = max(picture.width, picture.height)
    return [((picture.width - side) / 2, (picture.height - side) / 2, side)]


def _parts(picture: Picture) -> list[tuple[float, float, float]]:
    """Overlapping squares that show everything twice as large or more."""
    side = max(min(picture.width, picture.height) / 1.5, max(picture.width, picture.height) / 3)
    lefts = _starts(picture.width, side)
    return [(left, top, side) for top in _starts(picture.height, side) for left in lefts]


def _starts(length: int, side: float) -> list[float]:
    count = int(np.ceil((length - side) / (side * 0.75))) + 1 if length > side else 1
    return [0.0] if count == 1 else [float(start) for start in np.linspace(0.0, length - side, count)]


def _distinct(found: list[Detection]) -> list[Detection]:
    """One for each face: neighbouring anchors see the same one."""
    kept: list[Detection] = []
    for candidate in sorted(found, key=lambda detection: -detection.score):
        if len(kept) < _MAX_FACES and all(_overlap(candidate, other) < _MAX_OVERLAP for other in kept):
            kept.append(candidate)
    return kept


def _overlap(one: Detection, other: Detection) -> float:
    reach = (one.size + other.size) / 2
    across = max(0.0, min(reach - abs(one.x - other.x), one.size, other.size))
    down = max(0.0, min(reach - abs(one.y - other.y), one.size, other.size))
    shared = across * down
    return shared / (one.size**2 + other.size**2 - shared)
