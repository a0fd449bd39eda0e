"""Places of a picture, cut out and laid beside each other, so that they are keyed at once and in the cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from services.video.engines.yuv_tables.keyer.clean_plate import CleanPlate
from services.video.engines.yuv_tables.keyer.places import BAND, HALO, Place
from services.video.engines.yuv_tables.keyer.planes import Bytes, Planes, Size, empty_planes


@dataclass(frozen=True, slots=True)
class Laid:
    """A place in planes of the size of chroma, of luma, and in those with a halo: in the picture and in a strip."""

    chroma: tuple[slice, slice]
    luma: tuple[slice, slice]
    haloed: tuple[slice, slice]
    strip_chroma: tuple[slice, slice]
    strip_luma: tuple[slice, slice]
    strip_haloed: slice


@dataclass(frozen=True, slots=True)
class Cuttings:
    """What lies in a strip. `shares` and `guide` have a halo; the others mean nothing in its columns."""

    shares: Bytes
    guide: Bytes
    picture: Planes
    plate: CleanPlate
    behind: Planes
    out: Planes


def strips_of(places: Sequence[Place], width: int) -> Iterator[list[Laid]]:
    """As many places beside each other as `width` columns have room for. None is wider with its halo."""
    strip: list[Laid] = []
    used = 0
    for place in places:
        needed = place.right - place.left + 2 * HALO
        if used + needed > width:
            yield strip
            strip, used = [], 0
        strip.append(_laid(place, used))
        used += needed
    if strip:
        yield strip


class Strip:
    """Memory for `width` columns of chroma."""

    def __init__(self, width: int) -> None:
        size = Size(2 * width, 2 * BAND)
        self._haloed = np.zeros((2, BAND + 2 * HALO, width), np.uint8)
        self._picture, self._plate, self._behind, self._out = (empty_planes(size) for _ in range(4))
        self._gain = np.empty((BAND, width), np.uint8)

    def cut(
        self, laid: Sequence[Laid], picture: Planes, plate: CleanPlate, behind: Planes, *, haloed: Bytes
    ) -> Cuttings:
        """Copies the places. `haloed` are the shares and the guide; `out` is to be filled."""
        for each in laid:
            self._haloed[..., each.strip_haloed] = haloed[:, each.haloed[0], each.haloed[1]]
            _copy(picture, each, self._picture)
            _copy(behind, each, self._behind)
            chroma, within = each.chroma, each.strip_chroma
            self._plate.luma[each.strip_luma] = plate.luma[each.luma]
            self._plate.u[within], self._plate.v[within] = plate.u[chroma], plate.v[chroma]
            self._gain[within] = plate.gain[chroma]
        return self._used(laid[-1].strip_haloed.stop)

    def _used(self, columns: int) -> Cuttings:
        picture, behind, plate, out = (
            Planes(each.luma[:, : 2 * columns], each.u[:, :columns], each.v[:, :columns])
            for each in (self._picture, self._behind, self._plate, self._out)
        )
        shares, guide = self._haloed[..., :columns]
        screen = CleanPlate(plate.luma, plate.u, plate.v, self._gain[:, :columns])
        return Cuttings(shares, guide, picture, screen, behind, out)


def paste(laid: Sequence[Laid], made: Planes, out: Planes) -> None:
    """Back to where the places are."""
    for each in laid:
        out.luma[each.luma] = made.luma[each.strip_luma]
        out.u[each.chroma], out.v[each.chroma] = made.u[each.strip_chroma], made.v[each.strip_chroma]


def paste_luma(laid: Sequence[Laid], made: Bytes, out: Bytes) -> None:
    """The same for a plane of the size of luma alone."""
    for each in laid:
        out[each.luma] = made[each.strip_luma]


def _laid(place: Place, left: int) -> Laid:
    first = left + HALO
    end = first + place.right - place.left
    height = place.bottom - place.top
    return Laid(
        chroma=place.chroma,
        luma=place.luma,
        haloed=(slice(place.top, place.top + BAND + 2 * HALO), slice(place.left, place.right + 2 * HALO)),
        strip_chroma=(slice(height), slice(first, end)),
        strip_luma=(slice(2 * height), slice(2 * first, 2 * end)),
        strip_haloed=slice(left, end + HALO),
    )


def _copy(planes: Planes, laid: Laid, strip: Planes) -> None:
    strip.luma[laid.strip_luma] = planes.luma[laid.luma]
    strip.u[laid.strip_chroma], strip.v[laid.strip_chroma] = planes.u[laid.chroma], planes.v[laid.chroma]
