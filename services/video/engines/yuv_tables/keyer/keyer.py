"""From a picture before a screen to a picture before another background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from services.video.engines.yuv_tables.keyer.clean_plate import GAIN_ONE, PlateEstimator
from services.video.engines.yuv_tables.keyer.colours import Chroma
from services.video.engines.yuv_tables.keyer.compositor import Compositor
from services.video.engines.yuv_tables.keyer.matte import EdgeFilter, Matte
from services.video.engines.yuv_tables.keyer.places import BAND, HALO, HaloedPlanes, Place, PlaceFinder
from services.video.engines.yuv_tables.keyer.planes import Bytes, Planes, Size
from services.video.engines.yuv_tables.keyer.shares import leaning_of, share_of
from services.video.engines.yuv_tables.keyer.spill import SpillFinder
from services.video.engines.yuv_tables.keyer.strip import Cuttings, Strip, paste, paste_luma, strips_of
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
        weakest = max(_WEAKEST_SCREEN, edge.staying + _ABOVE_STAYING)
        self._plates = PlateEstimator(size, weakest=weakest, u_sign=u_sign, v_sign=v_sign)
        self._count = 0
        self._shares = np.empty((height, width), np.uint8)
        self._haloed = HaloedPlanes(size, 2)
        self._matte = np.empty((size.height, size.width), np.uint8)
        columns = max(_STRIP, width + 2 * HALO)
        self._finder = _finder(size, edge)
        self._strip, self._columns = Strip(columns), columns
        self._strip_keyer = StripKeyer(columns, settings, u_sign=u_sign, v_sign=v_sign)

    def key(self, picture: Planes, behind: Planes, out: Planes) -> Bytes:
        """Writes the person of `picture` before `behind` into `out`, all of the same size.

        Answers what was transparent, 255 for what is gone, at the size of luma; valid until the next call.
        """
        shares, guide = self._haloed.inner(0), self._haloed.inner(1)
        self._share.write(picture.u, picture.v, self._shares, scratch=shares)
        if self._count % _PLATE_EVERY == 0:
            self._plates.estimate(picture, self._shares)
        self._count += 1
        cv2.multiply(self._shares, self._plates.latest.gain, shares, 1 / GAIN_ONE)
        cv2.resize(picture.luma, picture.size.chroma, guide, interpolation=cv2.INTER_AREA)
        self._haloed.mirror()
        places = self._finder.find(self._haloed.values[0])
        for plane, origin in ((out.luma, behind.luma), (out.u, behind.u), (out.v, behind.v)):
            np.copyto(plane, origin)
        self._matte.fill(_GONE)
        self._keep(places.whole, picture, out)
        self._key_mixed(places.mixed, picture, behind, out=out)
        return self._matte

    def _keep(self, places: Sequence[Place], picture: Planes, out: Planes) -> None:
        for place in places:
            out.luma[place.luma] = picture.luma[place.luma]
            out.u[place.chroma], out.v[place.chroma] = picture.u[place.chroma], picture.v[place.chroma]
            self._matte[place.luma] = 0

    def _key_mixed(self, places: Sequence[Place], picture: Planes, behind: Planes, *, out: Planes) -> None:
        for laid in strips_of(places, self._columns):
            cut = self._strip.cut(laid, picture, self._plates.latest, behind, haloed=self._haloed.values)
            matte = self._strip_keyer.key(cut)
            paste(laid, cut.out, out)
            paste_luma(laid, matte.luma, self._matte)


class StripKeyer:
    """Keys what was cut out of a picture."""

    def __init__(self, width: int, settings: KeySettings, *, u_sign: int, v_sign: int) -> None:
        self._transparency_of = transparency_table(settings.edge)
        self._transparency = np.empty((BAND + 2 * HALO, width), np.uint8)
        self._spills = SpillFinder(width, leaning=leaning_of(settings.key), spill_of=despill_table(settings.edge))
        self._edges = EdgeFilter(width)
        self._compositor = Compositor(Size(2 * width, 2 * BAND), u_sign=u_sign, v_sign=v_sign)

    def key(self, cut: Cuttings) -> Matte:
        """Fills `cut.out`. The matte is valid until the next call."""
        transparency = self._transparency[:, : cut.shares.shape[1]]
        cv2.LUT(cut.shares, self._transparency_of, transparency)
        spill = self._spills.spill(cut.picture, cut.plate, shares=cut.shares, transparency=transparency)
        matte = self._edges.apply(cut.picture.luma, cut.guide, transparency)
        self._compositor.compose(cut.picture, cut.plate, cut.behind, matte=matte, spill=spill, out=cut.out)
        return matte


def _finder(size: Size, edge: Softness) -> PlaceFinder:
    transparency, spill = transparency_table(edge), despill_table(edge)
    takes_nothing = (transparency == 0) & (spill == 0)
    return PlaceFinder(
        size, most_whole=int(np.flatnonzero(takes_nothing)[-1]), least_gone=int(np.argmax(transparency == _GONE))
    )
