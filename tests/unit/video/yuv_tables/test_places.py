"""Where there is something to key, and that cutting it out and putting it back changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from services.video.engines.yuv_tables.keyer.colours import Chroma
from services.video.engines.yuv_tables.keyer.keyer import Keyer, KeySettings
from services.video.engines.yuv_tables.keyer.places import HALO, PlaceFinder
from services.video.engines.yuv_tables.keyer.planes import Bytes, Planes, Size, copy_planes, empty_planes
from services.video.engines.yuv_tables.keyer.stack import Stack, Strip, paste, strips_of
from services.video.engines.yuv_tables.keyer.tables import softness

SIZES = [Size(2, 2), Size(6, 4), Size(50, 48), Size(164, 98), Size(300, 214)]
MOST_WHOLE, LEAST_GONE = 20, 180


def _noise(size: Size, seed: int = 3) -> Planes:
    rng = np.random.default_rng(seed)
    planes = empty_planes(size)
    for plane in (planes.luma, planes.u, planes.v):
        plane[:] = rng.integers(0, 256, plane.shape)
    return planes


def _shares(size: Size) -> Bytes:
    """Screen on the left, somebody on the right, and specks in both."""
    width, height = size.chroma
    shares = np.where(np.arange(width) < width // 2, 200, 5).astype(np.uint8) * np.ones((height, 1), np.uint8)
    shares[height // 3, width // 4] = shares[height * 3 // 4, width * 9 // 10] = 100
    return np.asarray(shares, np.uint8)


def _filled(size: Size) -> Stack:
    stack = Stack(size)
    stack.put(_noise(size), _noise(size, 4))
    stack.layers.shares[:] = _shares(size)
    stack.layers.guide[:] = _noise(size, 5).u
    stack.mirror()
    return stack


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_pixel_is_in_the_place_that_its_surroundings_say(size: Size) -> None:
    stack = _filled(size)
    places = PlaceFinder(size, most_whole=MOST_WHOLE, least_gone=LEAST_GONE).find(stack.shares)
    around = np.pad(_shares(size), HALO, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(around, (2 * HALO + 1, 2 * HALO + 1))
    lowest, highest = windows.min((2, 3)), windows.max((2, 3))
    seen = np.zeros(lowest.shape, int)
    for place in places.whole:
        assert highest[place.chroma].max() <= MOST_WHOLE
        seen[place.chroma] += 1
    for place in places.mixed:
        seen[place.chroma] += 1
    assert seen.max() == 1
    assert (lowest[seen == 0] >= LEAST_GONE).all()
    assert bool(places.mixed) and (size.width < 100 or (places.whole and (seen == 0).any()))


@pytest.mark.parametrize("width", [160, 400])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_what_is_cut_out_has_its_surroundings_and_comes_back_to_where_it_was(size: Size, width: int) -> None:
    stack, strip = _filled(size), Strip(width)
    around = np.pad(stack.layers.guide, HALO, mode="reflect")
    places = PlaceFinder(size, most_whole=MOST_WHOLE, least_gone=LEAST_GONE).find(stack.shares).mixed
    picture, out = stack.layers.picture, empty_planes(size)
    copy_planes(picture, out)
    for place in places:
        out.luma[place.luma], out.u[place.chroma], out.v[place.chroma] = 0, 0, 0
    for laid in strips_of(places, width):
        layers = stack.cut(laid, strip)
        for each in laid:
            (rows, columns), within = each.chroma, each.strip_haloed
            beside = around[rows.start : rows.stop + 2 * HALO, columns.start : columns.stop + 2 * HALO]
            assert np.array_equal(layers.guide[: beside.shape[0], within], beside)
        paste(laid, layers.picture, out)
    for plane, given in ((out.luma, picture.luma), (out.u, picture.u), (out.v, picture.v)):
        assert np.array_equal(plane, given)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_pictures_of_every_size_and_of_nothing_but_noise_are_keyed(size: Size) -> None:
    behind, out, gone = _noise(size, 9), empty_planes(size), np.empty((size.height, size.width), np.uint8)
    keyer = Keyer(size, KeySettings(Chroma(-25.0, -38.0), softness(0.4, 0.1, staying=0.0)))
    for seed in range(4):
        keyer.key(_noise(size, seed), behind, out, gone=gone)
        assert np.array_equal(out.luma[gone == 255], behind.luma[gone == 255])
