"""Where each pixel around a mouth comes from when the mouth is to stand otherwise."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from services.video.engines.mesh_warp.mouth.shape import Mouth

Floats = NDArray[np.float32]

WIDEST = 0.44
"""The gap of an opening of 1, in units of the face."""

_UPPER_SHARE = 0.2  # of the movement; the jaw does the rest
_ROUNDER = 0.12  # narrower at full rounding, wider at full spread
_DROP_NARROWS = 0.05
# The shaded rims of the inner lips are hidden when a mouth is shut; left in, they are a thin dark line.
_HIDDEN_RIM = 0.022
_HIDDEN_PIXELS = 0.8
_SHUT = 0.04
_JAW_WIDTH = 0.95
_JAW_SHARE = 0.85
_CHIN_FALL = 0.25
_BELOW_CHIN = 0.9


@dataclass(frozen=True, slots=True)
class Stance:
    """How a mouth is to stand: `gap` between the inner lips in units of the face, `spread` -1..1."""

    gap: float
    spread: float


@dataclass(frozen=True, slots=True)
class MouthWarp:
    """For each pixel of a patch, in coordinates of the mouth: where lips and skin come from, and the opening between
    the lips: its rims, and how far the lower one moved."""

    across: Floats
    down: Floats
    source_across: Floats
    source_down: Floats
    upper_rim: Floats
    lower_rim: Floats
    lower_shift: Floats

    def part(self, rows: slice, columns: slice) -> MouthWarp:
        """The warp of some of the patch's pixels."""
        return MouthWarp(*(getattr(self, name.name)[rows, columns] for name in fields(self)))


def warp(mouth: Mouth, stance: Stance, across: Floats, down: Floats) -> MouthWarp:
    """The warp that brings a mouth to a stance."""
    source_across = _narrowed(mouth, stance, across, down)
    upper, lower = mouth.upper_inner.at(source_across), mouth.lower_inner.at(source_across)
    change = _change_of_gap(mouth, stance, source_across, lower - upper)
    rise, drop = _UPPER_SHARE * change, (1 - _UPPER_SHARE) * change
    upper_rim, lower_rim = upper - rise, lower + drop
    above = rise * _fall_above(mouth, upper_rim, down)
    jaw = (1 - _UPPER_SHARE) * _jaw_change(mouth, stance, source_across)
    below = _shift_below(mouth, down - lower_rim, drop, jaw)
    # Lips that are pressed together overlap: the seam lies between the two rims.
    seam = np.where(lower_rim > upper_rim, upper_rim, (upper_rim + lower_rim) / 2)
    is_upper = down <= seam
    source_down = np.where(is_upper, np.minimum(down + above, upper), np.maximum(down - below, lower))
    return MouthWarp(
        across=across,
        down=down,
        source_across=source_across,
        source_down=source_down.astype(np.float32),
        upper_rim=upper_rim,
        lower_rim=lower_rim,
        lower_shift=drop,
    )


def _narrowed(mouth: Mouth, stance: Stance, across: Floats, down: Floats) -> Floats:
    opening = min(1.0, stance.gap / WIDEST)
    factor = 1 + _ROUNDER * stance.spread * min(1.0, opening * 3) - _DROP_NARROWS * opening
    reach = np.exp(-2 * (across / 0.95) ** 2) * np.exp(-((np.maximum(np.abs(down - 0.1) - 0.35, 0) / 0.3) ** 2))
    middle = mouth.middle
    return np.asarray(middle + (across - middle) / (1 + (factor - 1) * reach), dtype=np.float32)


def _change_of_gap(mouth: Mouth, stance: Stance, across: Floats, gap: Floats) -> Floats:
    """How much further apart the lips are than in the source, along the mouth."""
    inside = np.clip(1 - ((across - mouth.middle) / (mouth.half_width * 1.04)) ** 2, 0, 1)
    bell = inside**0.75
    wanted = stance.gap
    if wanted >= mouth.gap:
        return np.asarray((wanted - mouth.gap) * bell, dtype=np.float32)
    # Everything between the corners closes in step, so that no corner stays open.
    rim = max(_HIDDEN_RIM, _HIDDEN_PIXELS / mouth.scale)
    pressed = rim * max(0.0, 1 - wanted / _SHUT) * np.minimum(1.0, bell * 4)
    return np.asarray(np.maximum(gap, 0) * (wanted / mouth.gap - 1) - pressed, dtype=np.float32)


def _jaw_change(mouth: Mouth, stance: Stance, across: Floats) -> Floats:
    width = np.exp(-((across / _JAW_WIDTH) ** 2))
    return np.asarray(_JAW_SHARE * (stance.gap - mouth.gap) * width, dtype=np.float32)


def _fall_above(mouth: Mouth, rim: Floats, down: Floats) -> Floats:
    """The upper lip moves whole at its rim, the nose does not."""
    height = np.maximum(rim - mouth.nose, 0.08)
    t = np.clip((rim - down) / height, 0, 1)
    return np.asarray((1 - t) ** 2 * (1 + 2 * t), dtype=np.float32)


def _shift_below(mouth: Mouth, under_rim: Floats, drop: Floats, jaw: Floats) -> Floats:
    """The lower lip moves whole, the chin goes along with the jaw, the neck does not."""
    height = max(mouth.chin - float(mouth.lower_inner.down.max()), 0.3)
    t = np.maximum(under_rim, 0) / height
    to_jaw = np.clip(t * 2.2, 0, 1)
    to_jaw = to_jaw * to_jaw * (3 - 2 * to_jaw)
    fall = np.where(t < 1, 1 - _CHIN_FALL * t, (1 - _CHIN_FALL) * np.clip(1 - (t - 1) / _BELOW_CHIN, 0, 1))
    return np.asarray((drop * (1 - to_jaw) + jaw * to_jaw) * fall, dtype=np.float32)
