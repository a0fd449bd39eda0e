"""What is seen between the lips: teeth, tongue and dark."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from services.video.engines.mesh_warp.faces.points import CHEEKS, LOWER_OUTER, Points
from services.video.engines.mesh_warp.mouth.shape import Mouth
from services.video.engines.mesh_warp.mouth.warp import MouthWarp

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

_TOOTH_LENGTH = 0.075
_TEETH_SHOW = (0.05, 0.16)  # gaps
_TOOTH_ROOM = 0.55  # of the gap that teeth may take at most
# How much of what the source shows between its lips does not move with the jaw: a smile shows upper teeth only, a mouth
# that speaks shows the tongue and lower teeth, too. By the gap of the source.
_FIXED_PART = ((0.24, 0.92), (0.40, 0.5))
_SOURCE_SHOWS = (0.03, 0.07)  # gaps of a source that shows nothing of its inside, and all of it
_EDGE = 0.02
_EDGE_PIXELS = 1.2
_SHADOW = 0.05


@dataclass(frozen=True, slots=True)
class Palette:
    """Blue, green and red of the inside, in the light of the picture."""

    cavity: Floats
    teeth: Floats
    tongue: Floats


def palette_of(image: Bytes, points: Points) -> Palette:
    """Colours that suit the person's lips and skin. `points` are pixels of `image`."""
    lips = _median(image, points, LOWER_OUTER[3:8])
    skin = _median(image, points, CHEEKS)
    brightness = float(skin.mean())
    return Palette(
        cavity=np.array([0.13, 0.11, 0.22], np.float32) * lips.mean(),
        teeth=np.clip(np.array([0.80, 0.86, 0.90], np.float32) * brightness * 1.02, 0, 225),
        tongue=np.array([0.62, 0.55, 0.80], np.float32) * lips,
    )


def paint(image: Bytes, mouth: Mouth, moved: MouthWarp, colours: Palette) -> Floats:
    """The inside for every pixel of the patch; only what lies between the rims is meant to be seen."""
    gap = np.maximum(moved.lower_rim - moved.upper_rim, 1e-3)
    share = np.clip((moved.down - moved.upper_rim) / gap, 0, 1)
    made = _made_up(mouth, moved, colours, share=share, gap=gap)
    # The upper lip throws a shadow on what is behind it; what the source shows has its own.
    made *= (0.55 + 0.45 * np.clip((moved.down - moved.upper_rim) / _SHADOW, 0, 1))[..., np.newaxis]
    low, high = _SOURCE_SHOWS
    shown = float(np.clip((mouth.gap - low) / (high - low), 0, 1))
    return _with_source(image, mouth, moved, made, shown) if shown > 0 else made


def _made_up(mouth: Mouth, moved: MouthWarp, colours: Palette, *, share: Floats, gap: Floats) -> Floats:
    sideways = np.abs(moved.source_across - mouth.middle) / max(mouth.half_width, 1e-3)
    tongue = _step((share - 0.68) / 0.25) * np.clip(1 - (sideways / 0.75) ** 2, 0, 1) * np.clip(gap / 0.12, 0, 1) * 0.7
    made = colours.cavity + (colours.tongue - colours.cavity) * tongue[..., np.newaxis]
    # Anchored to the skull: their edge stays where it is however far the jaw drops.
    resting_rim = mouth.upper_inner.at(moved.source_across)
    length = np.minimum(_TOOTH_LENGTH * np.clip(1.1 - 0.5 * sideways**2, 0.4, 1), _TOOTH_ROOM * gap)
    bite = resting_rim + length
    teeth = _step((bite - moved.down) / _edge(mouth) + 0.5) * np.clip(1.25 - sideways**3 * 1.3, 0, 1)
    # In a narrow gap they lie in the dark: painted bright they would be a thin white line.
    low, high = _TEETH_SHOW
    teeth *= np.clip((gap - low) / (high - low), 0, 1)
    depth = 1 - 0.25 * sideways[..., np.newaxis] ** 2
    return np.asarray(made + (colours.teeth * depth - made) * teeth[..., np.newaxis], dtype=np.float32)


def _with_source(image: Bytes, mouth: Mouth, moved: MouthWarp, made: Floats, shown: float) -> Floats:
    """The source's own teeth where it shows some: the upper ones stay, the lower ones go with the jaw."""
    upper, lower = mouth.upper_inner.at(moved.source_across), mouth.lower_inner.at(moved.source_across)
    edge = _edge(mouth)
    rim = np.minimum(edge, (lower - upper) / 4)
    gaps, parts = zip(*_FIXED_PART, strict=True)
    split = upper + float(np.interp(mouth.gap, gaps, parts)) * (lower - upper)
    fixed_down = np.clip(moved.down, upper + rim, split)
    dropped_down = np.clip(moved.down - moved.lower_shift, split, lower - rim)
    fixed = _look(image, mouth, moved.source_across, fixed_down)
    dropped = _look(image, mouth, moved.source_across, dropped_down)
    has_fixed = _step((split - moved.down) / edge + 0.5)[..., np.newaxis] * shown
    has_dropped = _step((moved.down - moved.lower_shift - split) / edge + 0.5)[..., np.newaxis] * shown
    made = made + (dropped - made) * has_dropped
    return np.asarray(made + (fixed - made) * has_fixed, dtype=np.float32)


def _edge(mouth: Mouth) -> float:
    """How soft the edge of teeth is: never harder than the picture can show."""
    return max(_EDGE, _EDGE_PIXELS / mouth.scale)


def _look(image: Bytes, mouth: Mouth, across: Floats, down: Floats) -> Floats:
    x, y = mouth.pixels_of(across, down)
    found = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, dtype=np.float32)


def _step(values: Floats) -> Floats:
    t = np.clip(values, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def _median(image: Bytes, points: Points, indices: tuple[int, ...]) -> Floats:
    spots = points[list(indices), :2].round().astype(int)
    columns = np.clip(spots[:, 0], 0, image.shape[1] - 1)
    rows = np.clip(spots[:, 1], 0, image.shape[0] - 1)
    return np.asarray(np.median(image[rows, columns], axis=0), dtype=np.float32)
