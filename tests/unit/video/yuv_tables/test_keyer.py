"""What goes and what stays at the contract's default numbers, and what stands there instead."""

from __future__ import annotations

import numpy as np
import pytest

from services.video.engines.yuv_tables.keyer.colours import Matrix, chroma_of, rgb_of, staying_share
from services.video.engines.yuv_tables.keyer.keyer import Keyer, KeySettings
from services.video.engines.yuv_tables.keyer.planes import Bytes, Planes, Size, empty_planes
from services.video.engines.yuv_tables.keyer.shares import ONE, leaning_of, share_of
from services.video.engines.yuv_tables.keyer.survey import survey
from services.video.engines.yuv_tables.keyer.tables import softness
from tests.fakes.screen_clip import LIT, SHADOWED, STAYING, Picture, planes_of, studio

MATRIX = Matrix.BT709
MARGIN = 12  # pixels beside an edge that are not looked at
SHADOW_MARGIN = 20  # beside the edge of a shadow that is harder than real ones


def _keyed(
    picture: Picture, color: str, behind: Planes | None = None, *, similarity: float = 0.4, blend: float = 0.1
) -> tuple[Bytes, Planes]:
    """Alpha (255 is opaque) and the composite."""
    planes = Planes(*planes_of(picture))
    key = survey([planes], chroma_of(rgb_of(color), MATRIX)).key
    assert key is not None
    edge = softness(similarity, blend, staying=staying_share(key, MATRIX))
    out = empty_planes(planes.size)
    gone = np.empty_like(out.luma)
    Keyer(planes.size, KeySettings(key, edge)).key(planes, behind or _beach(planes.size), out, gone=gone)
    return 255 - gone, out


def _beach(size: Size) -> Planes:
    planes = empty_planes(size)
    planes.luma[:] = np.linspace(40, 200, size.width).astype(np.uint8)
    planes.u[:], planes.v[:] = 100, 150
    return planes


def _person(alpha: Bytes) -> Bytes:
    height, width = alpha.shape
    return alpha[height // 3 + MARGIN :, width * 3 // 8 + MARGIN : width * 5 // 8 - MARGIN]


def _screen(alpha: Bytes) -> tuple[Bytes, Bytes]:
    """The lit and the shadowed part."""
    height, width = alpha.shape
    edge = width * 2 // 3
    return alpha[: height // 3 - MARGIN, : edge - MARGIN], alpha[: height // 3 - MARGIN, edge + SHADOW_MARGIN :]


@pytest.mark.parametrize("color", ["green", "blue"])
@pytest.mark.parametrize("name", STAYING)
def test_the_screen_goes_in_light_and_shadow_and_people_stay(color: str, name: str) -> None:
    alpha, _ = _keyed(studio(color=color, person=STAYING[name]), color)
    lit, shadowed = _screen(alpha)
    assert lit.max() <= 5 and shadowed.max() <= 5
    assert _person(alpha).min() >= 250


@pytest.mark.parametrize("color", ["green", "blue"])
@pytest.mark.parametrize("name", STAYING)
def test_people_keep_their_colour(color: str, name: str) -> None:
    picture = studio(color=color, person=STAYING[name])
    _, out = _keyed(picture, color)
    for plane, given in zip((out.luma, out.u, out.v), planes_of(picture), strict=True):
        height, width = plane.shape
        inside = (slice(height // 2, None), slice(width * 7 // 16, width * 9 // 16))
        assert np.abs(plane[inside].astype(int) - given[inside].astype(int)).max() <= 4


def test_what_is_gone_is_exactly_the_background() -> None:
    picture = studio()
    behind = _beach(Planes(*planes_of(picture)).size)
    alpha, out = _keyed(picture, "green", behind)
    gone = alpha == 0
    assert gone.mean() > 0.5
    assert np.array_equal(out.luma[gone], behind.luma[gone])


def test_a_pixel_that_is_half_screen_shows_half_of_both_without_green() -> None:
    picture = studio(person=(200, 200, 200))
    half = (np.array(LIT["green"]) + 200) // 2
    picture[64:, 110:120] = picture[64:, 200:210] = half.astype(np.uint8)
    alpha, out = _keyed(picture, "green")
    middle = alpha[80:160, 113:117]
    assert 105 <= middle.mean() <= 150
    # White and the background in equal parts: nothing of the screen's chroma is left.
    assert abs(float(out.u[45:80, 57:58].mean()) - (128 + 100) / 2) <= 5
    assert abs(float(out.v[45:80, 57:58].mean()) - (128 + 150) / 2) <= 5


def test_something_pale_that_holds_much_of_the_screens_light_is_no_screen() -> None:
    pale = tuple(int(0.6 * 230 + 0.4 * part) for part in LIT["green"])
    alpha, _ = _keyed(studio(person=(pale[0], pale[1], pale[2])), "green")
    assert _person(alpha).min() >= 100 and _person(alpha).mean() >= 130


def test_light_of_the_screen_on_a_person_is_taken_off() -> None:
    spilt = tuple(int(0.93 * part + 0.07 * screen) for part, screen in zip((150, 150, 150), LIT["green"], strict=True))
    alpha, out = _keyed(studio(person=(spilt[0], spilt[1], spilt[2])), "green")
    assert _person(alpha).min() >= 240
    assert abs(float(out.u[60:90, 75:85].mean()) - 128) <= 1.5
    assert abs(float(out.v[60:90, 75:85].mean()) - 128) <= 1.5


def test_more_similarity_lets_more_go_and_more_blend_softens() -> None:
    mixed = (96, 110, 100)  # grey with some of the screen
    alphas = [_person(_keyed(studio(person=mixed), "green", similarity=s)[0]).mean() for s in (0.0, 0.4, 1.0)]
    assert alphas[0] >= alphas[1] >= alphas[2] and alphas[0] > alphas[2]
    edges = [softness(0.4, blend, staying=0.0) for blend in (0.0, 0.1, 1.0)]
    widths = [edge.high - edge.low for edge in edges]
    assert widths == sorted(widths) and widths[0] < 0.1 < 0.79 < widths[1] < 0.81
    for similarity in (0.0, 0.4, 1.0):
        for edge in (softness(similarity, blend, staying=0.58) for blend in (0.0, 0.1, 1.0)):
            assert 0 < edge.low < edge.high and edge.staying < 1


def test_a_picture_without_any_screen_passes() -> None:
    planes = Planes(*planes_of(np.full((64, 64, 3), 128, np.uint8)))
    key = chroma_of(LIT["green"], MATRIX)
    out = empty_planes(planes.size)
    gone = np.empty_like(out.luma)
    keyer = Keyer(planes.size, KeySettings(key, softness(0.4, 0.1, staying=0.0)))
    keyer.key(planes, _beach(planes.size), out, gone=gone)
    assert gone.max() == 0
    assert np.array_equal(out.luma, planes.luma)


@pytest.mark.parametrize(("color", "share"), [("green", 0.83), ("#3CA050", 0.83), ("blue", 0.0), ("#FF0000", 0.0)])
def test_the_survey_finds_the_screen_of_this_footage(color: str, share: float) -> None:
    found = survey([Planes(*planes_of(studio()))], chroma_of(rgb_of(color), MATRIX))
    assert found.share == pytest.approx(share, abs=0.03)
    assert (found.key is None) == (share == 0)
    if found.key is not None:
        lit = chroma_of(LIT["green"], MATRIX)
        assert (found.key.u, found.key.v) == pytest.approx((lit.u, lit.v), abs=2)


@pytest.mark.parametrize("color", ["#808080", "#000000", "#FFFFFF"])
def test_grey_is_no_screen(color: str) -> None:
    picture = Planes(*planes_of(np.full((64, 64, 3), 128, np.uint8)))
    assert survey([picture], chroma_of(rgb_of(color), MATRIX)).share == 0
    assert survey([], chroma_of(LIT["green"], MATRIX)).key is None


@pytest.mark.parametrize("rgb", [LIT["green"], SHADOWED["blue"], (255, 0, 0), (12, 200, 190)])
def test_the_share_is_one_at_the_key(rgb: tuple[int, int, int]) -> None:
    key = chroma_of(rgb, MATRIX)
    u, v = (np.array([[128 + at, 128, 128 - at]]).round().astype(np.uint8) for at in (key.u, key.v))
    shares, scratch = np.empty_like(u), np.empty_like(u)
    share_of(key).write(u, v, shares, scratch=scratch)
    assert shares[0].tolist() == [pytest.approx(ONE, abs=6), 0, 0]


@pytest.mark.parametrize("rgb", [LIT["green"], SHADOWED["blue"], (255, 0, 0)])
def test_the_share_is_what_lies_along_the_key_less_what_lies_across(rgb: tuple[int, int, int]) -> None:
    key = chroma_of(rgb, MATRIX)
    u, v = (np.ascontiguousarray(each, np.uint8) for each in np.meshgrid(np.arange(256), np.arange(256)))
    shares, leaning, scratch = (np.empty_like(u) for _ in range(3))
    share_of(key).write(u, v, shares, scratch=scratch)
    leaning_of(key).write(u, v, leaning)
    x, y = u.astype(float) - 128, v.astype(float) - 128
    along, across = x * key.u + y * key.v, np.abs(x * key.v - y * key.u)
    for given, wanted in ((shares, along - 0.8 * across), (leaning, along)):
        assert np.abs(given - np.clip(wanted / key.strength**2 * ONE, 0, 255)).max() < 0.51


@pytest.mark.parametrize("matrix", Matrix)
def test_chroma_of_known_colours(matrix: Matrix) -> None:
    assert chroma_of((128, 128, 128), matrix).strength == pytest.approx(0, abs=1e-9)
    assert chroma_of((0, 0, 255), matrix).u == pytest.approx(112)
    assert chroma_of((255, 0, 0), matrix).v == pytest.approx(112)
    with pytest.raises(ValueError):
        rgb_of("red")
