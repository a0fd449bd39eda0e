"""From a picture before a screen to a picture before another background."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from services.video.engines.yuv_tables.keyer.clean_plate import GAIN_ONE, PlateEstimator
from services.video.engines.yuv_tables.keyer.colours import Chroma
from services.video.engines.yuv_tables.keyer.compositor import Compositor
from services.video.engines.yuv_tables.keyer.matte import EdgeFilter, Matte
from services.video.engines.yuv_tables.keyer.places import BAND, HALO, Place, PlaceFinder
from services.video.engines.yuv_tables.keyer.planes import Bytes, Planes, Size, copy_planes, empty_planes
from services.video.engines.yuv_tables.keyer.shares import leaning_of, share_of
from services.video.engines.yuv_tables.keyer.spill import SpillFinder
from services.video.engines.yuv_tables.keyer.stack import (
    Laid,
    Layers,
    Stack,
    Strip,
    paste,
    paste_luma,
    strips_of,
)
from services.video.engines.yuv_tables.keyer.tables import Softness, despill_table, transparency_table

_WEAKEST_SCREEN = 0.3
_ABOVE_STAYING = 0.1
_PLATE_EVERY = 3  # pictures: light changes slowly
_STRIP = 1024  # columns of chroma: what is worked on at a time stays in the cache
_GONE = 255


@dataclass(frozen=True, slots=True)
class KeySettings:
    """The screen's colour and how softly it goes."""

    key: Chroma
    edge: Softness


class Keyer:
    """Keys the pictures of one video. All its memory is taken at the beginning. Not for several threads."""

    def __init__(self, size: Size, settings: KeySettings) -> None:
        width, height = size.chroma
        key, edge = settings.key, settings.edge
        u_sign, v_sign = (1 if part > 0 else -1 for part in (key.u, key.v))
        self._share = share_of(key)
        self._stack = Stack(size)
        weakest = max(_WEAKEST_SCREEN, edge.staying + _ABOVE_STAYING)
        self._plates = PlateEstimator(self._stack.layers.plate, weakest=weakest, u_sign=u_sign, v_sign=v_sign)
        self._count = 0
        self._shares = np.empty((height, width), np.uint8)
        self._finder = _finder(size, edge)
        self._strip = Strip(max(_STRIP, width + 2 * HALO))
        self._strip_keyer = StripKeyer(self._strip.width, settings, u_sign=u_sign, v_sign=v_sign)

    def key(self, picture: Planes, behind: Planes, out: Planes, *, gone: Bytes | None = None) -> None:
        """Writes the person of `picture` before `behind` into `out`, all of the same size.

        Whoever wants to know what was transparent gives `gone`, of the size of luma: 255 for what is gone.
        """
        self._look(picture, behind)
        places = self._finder.find(self._stack.shares)
        copy_planes(behind, out)
        for place in places.whole:
            out.luma[place.luma] = picture.luma[place.luma]
            out.u[place.chroma], out.v[place.chroma] = picture.u[place.chroma], picture.v[place.chroma]
        mattes = self._key_mixed(places.mixed, out)
        if gone is None:
            deque(mattes, maxlen=0)
        else:
            _write_gone(gone, places.whole, mattes)

    def _look(self, picture: Planes, behind: Planes) -> None:
        stack, layers = self._stack, self._stack.layers
        stack.put(picture, behind)
        cv2.resize(picture.luma, picture.size.chroma, layers.guide, interpolation=cv2.INTER_AREA)
        self._share.write(picture.u, picture.v, self._shares, scratch=layers.shares)
        if self._count % _PLATE_EVERY == 0:
            self._plates.estimate(picture, layers.guide, self._shares)
        self._count += 1
        cv2.multiply(self._shares, layers.plate.gain, layers.shares, 1 / GAIN_ONE)
        stack.mirror()

    def _key_mixed(self, places: Sequence[Place], out: Planes) -> Iterator[tuple[list[Laid], Bytes]]:
        """With the mattes of luma, each valid until the next."""
        for laid in strips_of(places, self._strip.width):
            made, matte = self._strip_keyer.key(self._stack.cut(laid, self._strip))
            paste(laid, made, out)
            yield laid, matte.luma


class StripKeyer:
    """Keys what was cut out of a picture, at most `width` columns of chroma."""

    def __init__(self, width: int, settings: KeySettings, *, u_sign: int, v_sign: int) -> None:
        self._transparency_of = transparency_table(settings.edge)
        self._transparency = np.empty((BAND + 2 * HALO, width), np.uint8)
        self._spills = SpillFinder(width, leaning=leaning_of(settings.key), spill_of=despill_table(settings.edge))
        self._edges = EdgeFilter(width)
        size = Size(2 * width, 2 * BAND)
        self._compositor = Compositor(size, u_sign=u_sign, v_sign=v_sign)
        self._out = empty_planes(size)

    def key(self, layers: Layers) -> tuple[Planes, Matte]:
        """The composite and what was transparent, both valid until the next call."""
        columns = layers.shares.shape[1]
        transparency = self._transparency[:, :columns]
        cv2.LUT(layers.shares, self._transparency_of, transparency)
        spill = self._spills.spill(layers.picture, layers.plate, shares=layers.shares, transparency=transparency)
        matte = self._edges.apply(layers.picture.luma, layers.guide, transparency)
        out = Planes(self._out.luma[:, : 2 * columns], self._out.u[:, :columns], self._out.v[:, :columns])
        self._compositor.compose(layers.picture, layers.plate, layers.behind, matte=matte, spill=spill, out=out)
        return out, matte


def _finder(size: Size, edge: Softness) -> PlaceFinder:
    transparency, spill = transparency_table(edge), despill_table(edge)
    takes_nothing = (transparency == 0) & (spill == 0)
    return PlaceFinder(
        size, most_whole=int(np.flatnonzero(takes_nothing)[-1]), least_gone=int(np.argmax(transparency == _GONE))
    )


def _write_gone(gone: Bytes, whole: Sequence[Place], mattes: Iterable[tuple[list[Laid], Bytes]]) -> None:
    gone.fill(_GONE)
    for place in whole:
        gone[place.luma] = 0
    for laid, matte in mattes:
        paste_luma(laid, matte, gone)
