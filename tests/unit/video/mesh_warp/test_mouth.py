"""Where the pixels around a mouth come from."""

from __future__ import annotations

import numpy as np
import pytest

from services.video.engines.mesh_warp.faces import points as p
from services.video.engines.mesh_warp.mouth.interior import paint, palette_of
from services.video.engines.mesh_warp.mouth.patch import move_mouth
from services.video.engines.mesh_warp.mouth.shape import Mouth, mouth_of
from services.video.engines.mesh_warp.mouth.warp import WIDEST, MouthWarp, Stance, warp
from services.video.engines.mesh_warp.picture import picture_of

SIZE = 400
UNIT = 100.0  # pixels of one unit of the face


def _face(gap: float, *, angle: float = 0.0) -> p.Points:
    """A face in the middle of the picture whose inner lips are apart by so many units."""
    points = np.zeros((p.COUNT, 3), np.float32)
    eyes = UNIT / 0.55
    points[p.RIGHT_EYE, :2], points[p.LEFT_EYE, :2] = (-eyes / 2, -110), (eyes / 2, -110)
    points[p.NOSE_BASE, :2], points[p.CHIN, :2] = (0, -35), (0, 75)
    for line, thickness, side in (
        (p.UPPER_OUTER, 14, -1),
        (p.UPPER_INNER, 0, -1),
        (p.LOWER_INNER, 0, 1),
        (p.LOWER_OUTER, 16, 1),
    ):
        reach = 50.0 if line in (p.UPPER_OUTER, p.LOWER_OUTER) else 45.0
        for index, share in zip(line, np.linspace(-1, 1, len(line)), strict=True):
            height = (gap * UNIT / 2 + thickness) * (1 - share**2)
            points[index, :2] = (reach * share, side * height)
    for index, spot in zip(p.CHEEKS, ((-70, -30), (70, -30), (-60, 10), (60, 10)), strict=True):
        points[index, :2] = spot
    cos, sin = np.cos(angle), np.sin(angle)
    points[:, :2] = points[:, :2] @ np.array([[cos, sin], [-sin, cos]], np.float32) + SIZE / 2
    return points


def _warp(mouth: Mouth, stance: Stance) -> tuple[MouthWarp, np.ndarray, np.ndarray]:
    across, down = np.meshgrid(np.linspace(-1.2, 1.2, 241), np.linspace(-1.2, 2.2, 341))
    across, down = across.astype(np.float32), down.astype(np.float32)
    return warp(mouth, stance, across, down), across, down


def _height_of_opening(moved: MouthWarp, across: np.ndarray) -> float:
    column = np.abs(across[0]).argmin()
    return float((moved.lower_rim - moved.upper_rim)[140, column])


def test_a_mouth_measures_itself_whatever_its_direction() -> None:
    for angle in (0.0, 0.4, -0.3):
        mouth = mouth_of(_face(0.2, angle=angle))
        assert mouth.scale == pytest.approx(UNIT, rel=1e-3)
        assert mouth.gap == pytest.approx(0.2, abs=0.005)
        x, y = mouth.pixels_of(np.array([0.3], np.float32), np.array([0.1], np.float32))
        across, down = mouth.coordinates_of(x, y)
        assert (float(across[0]), float(down[0])) == pytest.approx((0.3, 0.1), abs=1e-4)


@pytest.mark.parametrize("source", [0.0, 0.1, 0.4])
@pytest.mark.parametrize("wanted", [0.05, 0.2, WIDEST])
def test_the_opening_becomes_what_was_asked_for(source: float, wanted: float) -> None:
    moved, across, _ = _warp(mouth_of(_face(source)), Stance(wanted, 0.0))
    assert _height_of_opening(moved, across) == pytest.approx(wanted, abs=0.03)


@pytest.mark.parametrize("source", [0.0, 0.1, 0.4])
def test_a_shut_mouth_is_shut_everywhere_and_hides_the_rims(source: float) -> None:
    moved, _, down = _warp(mouth_of(_face(source)), Stance(0.0, 0.0))
    assert (moved.lower_rim - moved.upper_rim).max() <= 1e-3
    is_lips = (np.abs(moved.source_across) < 0.3) & (np.abs(down) < 0.05)
    half = source / 2 * (1 - (moved.source_across / 0.45) ** 2)
    # Nothing between the rims of the source is seen, nor the rims themselves.
    assert (np.abs(moved.source_down)[is_lips] >= half[is_lips] - 1e-3).all()


def test_what_is_far_from_the_mouth_stays() -> None:
    moved, across, down = _warp(mouth_of(_face(0.0)), Stance(WIDEST, 1.0))
    is_far = (down < -0.6) | (down > 1.95)
    assert np.abs(moved.source_down - down)[is_far].max() < 0.01
    assert np.abs(moved.source_across - across)[is_far].max() < 0.01


def test_skin_is_never_folded() -> None:
    for source, wanted in ((0.0, WIDEST), (0.5, 0.0)):
        moved, _, down = _warp(mouth_of(_face(source)), Stance(wanted, 0.0))
        for is_side in (down < moved.upper_rim, down > np.maximum(moved.lower_rim, moved.upper_rim) + 0.02):
            steps = np.diff(moved.source_down, axis=0)
            assert steps[is_side[1:] & is_side[:-1]].min() > -1e-3


def test_round_is_narrow_and_spread_is_wide() -> None:
    corner = {}
    for spread in (-1.0, 0.0, 1.0):
        moved, across, _ = _warp(mouth_of(_face(0.1)), Stance(0.2, spread))
        row = moved.source_across[120]
        corner[spread] = float(across[0][np.abs(row - 0.45).argmin()])
    assert corner[-1.0] < corner[0.0] < corner[1.0]


def test_upper_teeth_stay_where_they_are() -> None:
    """A striped inside: the stripes of its upper part are at the same height however far the jaw drops."""
    points, image = _face(0.2), np.full((SIZE, SIZE, 3), 120, np.uint8)
    image[190:210] = np.arange(20, dtype=np.uint8)[:, np.newaxis, np.newaxis] * 6 + 60
    mouth = mouth_of(points)
    x, y = np.meshgrid(np.arange(SIZE, dtype=np.float32), np.arange(SIZE, dtype=np.float32))
    across, down = mouth.coordinates_of(x, y)
    for gap in (0.3, WIDEST):
        inside = paint(image, mouth, warp(mouth, Stance(gap, 0.0), across, down), palette_of(image, points))
        assert np.abs(inside[196:204, 200] - image[196:204, 200]).max() < 3
    assert inside[225, 200].mean() < 60  # dark below the teeth


def test_only_the_surroundings_of_the_mouth_are_touched() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (SIZE, SIZE, 3), np.uint8)
    picture = picture_of(noise)
    moved = move_mouth(picture, _face(0.1), Stance(0.3, 0.0))
    changed = np.argwhere(moved.luma != picture.luma)
    assert changed.min() > 60
    assert len(changed) > 1000
    assert (move_mouth(picture, _face(0.1), Stance(0.3, 0.0), strength=0.0).planes == picture.planes).all()


def test_a_mouth_outside_of_the_picture_changes_nothing() -> None:
    picture = picture_of(np.zeros((64, 64, 3), np.uint8))
    assert move_mouth(picture, _face(0.1) + 500, Stance(0.3, 0.0)).planes is picture.planes
