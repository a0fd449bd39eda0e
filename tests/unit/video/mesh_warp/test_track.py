"""The face of a whole video."""

from __future__ import annotations

import numpy as np
import pytest

from services.video.engines.mesh_warp.faces.points import COUNT, LEFT_EYE, RIGHT_EYE, Face
from services.video.engines.mesh_warp.faces.track import track_of
from services.video.engines.mesh_warp.pipeline import turning


def _face(x: float = 0.0, *, tremble: float = 0.0, seed: int = 0) -> Face:
    points = np.random.default_rng(7).uniform(0, 100, (COUNT, 3)).astype(np.float32)
    points[RIGHT_EYE], points[LEFT_EYE] = (0, 30, 0), (100, 30, 0)
    points[:, 0] += x
    points += tremble * np.random.default_rng(seed).standard_normal((COUNT, 3)).astype(np.float32)
    return Face(points, 1.0)


def test_trembling_is_taken_out() -> None:
    still = _face().points
    faces: list[Face | None] = [_face(tremble=0.5, seed=number) for number in range(20)]
    track = track_of(faces)
    assert np.abs(track.points - still).mean() < 0.65 * np.mean([np.abs(f.points - still).mean() for f in faces if f])


def test_a_face_that_moves_is_not_dragged_behind() -> None:
    faces: list[Face | None] = [_face(float(x)) for x in range(0, 200, 10)]
    track = track_of(faces)
    for face, points in zip(faces, track.points, strict=True):
        assert face is not None
        assert np.abs(points - face.points).max() < 1.0


def test_the_mouth_comes_and_goes_with_the_face() -> None:
    track = track_of([_face()] * 10 + [None] * 3 + [_face()] * 7)
    assert track.missing_share == pytest.approx(3 / 20)
    assert (track.strength[10:13] == 0).all()
    assert track.strength[[5, 6, 7, 8, 9]].tolist() == [1.0, 1.0, 0.75, 0.5, 0.25]
    assert track.strength[13] == 0.25
    assert track.strength[-1] == 1.0


def test_nothing_seen_is_all_missing() -> None:
    assert track_of([]).missing_share == 1.0
    assert track_of([None] * 4).missing_share == 1.0


def test_pictures_play_forth_and_back() -> None:
    assert [turning(position, 4) for position in range(9)] == [0, 1, 2, 3, 2, 1, 0, 1, 2]
    assert [turning(position, 1) for position in range(3)] == [0, 0, 0]
    assert [turning(position, 2) for position in range(4)] == [0, 1, 0, 1]
