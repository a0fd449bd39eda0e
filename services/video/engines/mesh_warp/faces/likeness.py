"""How alike two faces are, for choosing among the few of one video. It identifies nobody."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from services.video.engines.mesh_warp.faces.points import CHIN, LEFT_EYE, RIGHT_EYE, Face
from services.video.engines.mesh_warp.picture import Picture, sample_rgb

Likeness = NDArray[np.float32]
"""Of length 1: the product of two is 1 for the same picture, about 0 for unrelated ones."""

_SIZE = 48
_LIGHT_BLUR = 12.0
_FEATURE_BLUR = 1.2
_COLOUR_CELLS = 6
_COLOUR_WEIGHT = 0.5


def likeness_of(picture: Picture, face: Face) -> Likeness:
    """The face as something that can be compared: its features and colours, whatever the light."""
    points = face.points[:, :2]
    # Eyes on one line, chin at one height.
    source = np.stack([points[RIGHT_EYE], points[LEFT_EYE], points[CHIN]]).astype(np.float32)
    target = np.array([[0.2, 0.35], [0.8, 0.35], [0.5, 1.05]], np.float32) * _SIZE
    to_picture = np.asarray(cv2.getAffineTransform(target, source), dtype=np.float32)
    lab = cv2.cvtColor(sample_rgb(picture, to_picture, _SIZE), cv2.COLOR_RGB2LAB).astype(np.float32)
    light = cv2.GaussianBlur(lab[..., 0], (0, 0), _LIGHT_BLUR)
    features = cv2.GaussianBlur(lab[..., 0] - light, (0, 0), _FEATURE_BLUR)[::2, ::2]
    colours = cv2.resize(lab[..., 1:] - 128.0, (_COLOUR_CELLS, _COLOUR_CELLS), interpolation=cv2.INTER_AREA)
    return _unit(np.concatenate([_unit(features - features.mean()), _COLOUR_WEIGHT * _unit(colours)]))


def alike(one: Likeness, other: Likeness) -> float:
    return float(one @ other)


def _unit(values: NDArray[Any]) -> Likeness:
    flat = values.ravel()
    return np.asarray(flat / max(float(np.linalg.norm(flat)), 1e-6), dtype=np.float32)
