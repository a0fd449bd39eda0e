"""Finding faces and telling them apart, with the real models and drawn faces."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from services.video.engines.mesh_warp.faces.likeness import alike, likeness_of
from services.video.engines.mesh_warp.faces.points import Face, box_of, opening_of, scale_of, yaw_of
from services.video.engines.mesh_warp.faces.tracker import FaceModels, FaceTracker
from services.video.engines.mesh_warp.picture import Picture, picture_of, upright
from tests.fakes.face_clip import Bytes, Looks, draw_face

pytestmark = pytest.mark.model

OTHER = Looks(skin=(90, 120, 160), hair=(180, 200, 210), eyes=(160, 110, 60))
WALL = np.full((160, 160, 3), (170, 160, 150), np.uint8)


def _the_face(models: FaceModels, image: Bytes) -> Face:
    [face] = models.all_faces(picture_of(image))
    return face


def _middle(face: Face) -> float:
    left, _, right, _ = box_of(face.points)
    return (left + right) / 2


def test_a_face_is_measured_in_units_of_its_own(models: FaceModels) -> None:
    small, large = (_the_face(models, draw_face(size)) for size in (160, 480))
    assert scale_of(large.points) == pytest.approx(3 * scale_of(small.points), rel=0.06)
    assert opening_of(large.points) == pytest.approx(opening_of(small.points), abs=0.04)
    assert abs(yaw_of(small.points)) < 8


def test_a_small_face_in_a_wide_picture_is_found(models: FaceModels) -> None:
    image = np.full((360, 640, 3), (170, 160, 150), np.uint8)
    image[180:280, 480:580] = draw_face(100)
    assert _middle(_the_face(models, image)) == pytest.approx(530, abs=8)


def test_no_face_is_no_face(models: FaceModels) -> None:
    assert models.all_faces(picture_of(WALL)) == []


def test_the_person_is_known_again_in_another_light(models: FaceModels) -> None:
    images = [draw_face(), (draw_face(200) * 0.6).astype(np.uint8), draw_face(looks=OTHER)]
    same, darker, other = (likeness_of(picture_of(i), _the_face(models, i)) for i in images)
    assert alike(same, darker) > 0.8
    assert alike(same, darker) > alike(same, other) + 0.15


@pytest.mark.parametrize(("reference", "expected"), [(None, 80), (OTHER, 240), (Looks(), 80)])
def test_among_two_the_one_of_the_reference_is_followed(
    models: FaceModels, reference: Looks | None, expected: float
) -> None:
    # The left one is larger: without a reference it is taken.
    right = cv2.resize(draw_face(140, looks=OTHER), (140, 140))
    image = np.hstack([draw_face(160), np.vstack([WALL[:20, :140], right])])[:, :300]
    wanted = None
    if reference is not None:
        alone = draw_face(200, looks=reference)
        wanted = likeness_of(picture_of(alone), _the_face(models, alone))
    tracker = FaceTracker(models, wanted)
    for _ in range(3):
        face = tracker.next(picture_of(image))
        assert face is not None
        assert _middle(face) == pytest.approx(expected, abs=14)


def test_a_face_is_lost_and_found_again(models: FaceModels) -> None:
    tracker = FaceTracker(models, None)
    shown = [draw_face()] * 2 + [WALL] * 3 + [draw_face(shift=0.2)] * 10
    seen = [tracker.next(picture_of(image)) for image in shown]
    assert all(seen[:2])
    assert not any(seen[2:5])
    assert seen[-1] is not None
    assert _middle(seen[-1]) == pytest.approx(112, abs=10)


def test_a_turned_picture_is_turned_back() -> None:
    image = draw_face(160)
    straight = picture_of(image)
    for degrees, turn in ((90, cv2.ROTATE_90_COUNTERCLOCKWISE), (180, cv2.ROTATE_180), (270, cv2.ROTATE_90_CLOCKWISE)):
        turned: Picture = picture_of(np.asarray(cv2.rotate(image, turn), dtype=np.uint8))
        assert np.abs(upright(turned, degrees).luma.astype(int) - straight.luma).max() <= 2
