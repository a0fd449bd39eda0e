"""Moves the mouth of a picture and blends it back in."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from services.video.engines.mesh_warp.faces.points import Points
from services.video.engines.mesh_warp.mouth.interior import paint, palette_of
from services.video.engines.mesh_warp.mouth.shape import Mouth, mouth_of
from services.video.engines.mesh_warp.mouth.warp import MouthWarp, Stance, warp
from services.video.engines.mesh_warp.picture import Picture, join_planes, picture_of

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

_REACH = 1.65  # of the patch around the mouth, in units of the face
_FEATHER = (1.05, 1.15)  # half axes of the ellipse that is replaced
_FEATHER_DOWN = 0.25
_RIM_BLUR = 0.012


@dataclass(frozen=True, slots=True)
class _Box:
    """Part of a picture; all sides even, so that it has chroma samples of its own."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def is_empty(self) -> bool:
        return self.right - self.left < 4 or self.bottom - self.top < 4


def move_mouth(picture: Picture, points: Points, stance: Stance, *, strength: float = 1.0) -> Picture:
    """The picture with its mouth brought to a stance; `strength` below 1 blends with what was there."""
    mouth = mouth_of(points)
    box = _box_around(picture, mouth)
    if box.is_empty or strength <= 0:
        return picture
    image = _bgr(picture, box)
    shifted = points.copy()
    shifted[:, :2] -= np.array([box.left, box.top], np.float32)
    local = mouth_of(shifted)
    x, y = np.meshgrid(np.arange(image.shape[1], dtype=np.float32), np.arange(image.shape[0], dtype=np.float32))
    across, down = local.coordinates_of(x, y)
    moved = warp(local, stance, across, down)
    spoken = _compose(image, shifted, local, moved)
    return _blended(picture, box, spoken, _feather(across, down) * strength)


def _compose(image: Bytes, points: Points, mouth: Mouth, moved: MouthWarp) -> Bytes:
    x, y = mouth.pixels_of(moved.source_across, moved.source_down)
    moved_skin = cv2.remap(image, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    skin = np.asarray(moved_skin, dtype=np.uint8)
    opened = _between_the_rims(mouth, moved)
    rows, columns = np.flatnonzero(opened.any(axis=1)), np.flatnonzero(opened.any(axis=0))
    if not len(rows):
        return skin
    part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    inside = paint(image, mouth, moved.part(*part), palette_of(image, points))
    mixed = skin[part] + (inside - skin[part]) * opened[part][..., np.newaxis]
    skin[part] = np.clip(mixed, 0, 255).round().astype(np.uint8)
    return skin


def _between_the_rims(mouth: Mouth, moved: MouthWarp) -> Floats:
    """1 inside of the opening, with soft rims of about a pixel."""
    soft = max(_RIM_BLUR, 1.2 / mouth.scale)
    from_rims = np.minimum(moved.down - moved.upper_rim, moved.lower_rim - moved.down)
    is_mouth = np.abs(moved.source_across - mouth.middle) < mouth.half_width * 1.04
    # An opening narrower than its rims is none.
    seen = np.clip((moved.lower_rim - moved.upper_rim) / (2 * soft), 0, 1)
    return np.asarray(np.clip(from_rims / soft + 0.5, 0, 1) * is_mouth * seen, dtype=np.float32)


def _box_around(picture: Picture, mouth: Mouth) -> _Box:
    reach = mouth.scale * _REACH
    x, y = float(mouth.origin[0]), float(mouth.origin[1])
    # The chin moves, too: there is more to replace below than above.
    return _Box(
        left=max(0, int(x - reach) // 2 * 2),
        top=max(0, int(y - reach) // 2 * 2),
        right=min(picture.width, (int(x + reach) // 2 + 1) * 2),
        bottom=min(picture.height, (int(y + 1.1 * reach) // 2 + 1) * 2),
    )


def _bgr(picture: Picture, box: _Box) -> Bytes:
    luma = picture.luma[box.top : box.bottom, box.left : box.right]
    u, v = (p[box.top // 2 : box.bottom // 2, box.left // 2 : box.right // 2] for p in picture.chroma)
    return np.asarray(cv2.cvtColor(join_planes(luma, u, v).planes, cv2.COLOR_YUV2BGR_I420), dtype=np.uint8)


def _feather(across: Floats, down: Floats) -> Floats:
    wide, high = _FEATHER
    radius = np.sqrt((across / wide) ** 2 + ((down - _FEATHER_DOWN) / high) ** 2)
    return np.exp(-(np.maximum(radius - 0.85, 0) ** 2) / 0.02).astype(np.float32)


def _blended(picture: Picture, box: _Box, spoken: Bytes, weight: Floats) -> Picture:
    result, patch = picture.copy(), picture_of(spoken)
    coarse = weight.reshape(weight.shape[0] // 2, 2, weight.shape[1] // 2, 2).mean(axis=(1, 3))
    rows, columns = slice(box.top, box.bottom), slice(box.left, box.right)
    _mix(result.luma[rows, columns], patch.luma, weight)
    rows, columns = slice(box.top // 2, box.bottom // 2), slice(box.left // 2, box.right // 2)
    for plane, replacing in zip(result.chroma, patch.chroma, strict=True):
        _mix(plane[rows, columns], replacing, coarse.astype(np.float32))
    return result


def _mix(plane: Bytes, replacing: Bytes, weight: Floats) -> None:
    below = plane.astype(np.float32)
    plane[...] = (below + (replacing - below) * weight + 0.5).astype(np.uint8)
