"""All planes that keying looks at, one above the other, so that a place is cut out of all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from services.video.engines.yuv_tables.keyer.clean_plate import CleanPlate
from services.video.engines.yuv_tables.keyer.places import BAND, HALO, Place
from services.video.engines.yuv_tables.keyer.planes import Bytes, Planes, Size, copy_planes

_CHROMA_PLANES, _LUMA_PLANES = 9, 3
_MIRRORED = 2  # the first ones, whose surroundings have a say


@dataclass(frozen=True, slots=True)
class Layers:
    """What is known of each pixel. `guide` is luma at the size of chroma."""

    shares: Bytes
    guide: Bytes
    picture: Planes
    plate: CleanPlate
    behind: Planes


class Stack:
    """Memory for the layers of pictures of one size."""

    def __init__(self, size: Size) -> None:
        width, height = size.chroma
        self._rows, self._columns = (np.pad(np.arange(length), HALO, mode="reflect") for length in (height, width))
        # Rows below the halo, so that the lowest band can be cut out as high as the others.
        self._chroma = np.zeros((_CHROMA_PLANES, height + BAND + 2 * HALO, width + 2 * HALO), np.uint8)
        self._luma = np.zeros((_LUMA_PLANES, size.height, size.width), np.uint8)
        inner = self._chroma[:, HALO : HALO + height, HALO : HALO + width]
        self._layers = _layers(inner, self._luma, haloed=inner)
        self._behind: Planes | None = None

    @property
    def layers(self) -> Layers:
        """Without halos, to be filled."""
        return self._layers

    @property
    def shares(self) -> Bytes:
        """With their halo, and below it some rows that mean nothing."""
        return np.asarray(self._chroma[0], np.uint8)

    def put(self, picture: Planes, behind: Planes) -> None:
        """Copies what is filmed and, unless it is what it was, what is to stand behind it."""
        copy_planes(picture, self._layers.picture)
        if behind is not self._behind:
            copy_planes(behind, self._layers.behind)
            self._behind = behind

    def mirror(self) -> None:
        """Makes the halos of shares and guide, which go on beyond the edges as in a mirror."""
        whole = self._chroma[:_MIRRORED, : len(self._rows)]
        inner = whole[:, HALO:-HALO]
        for halo in (slice(HALO), slice(-HALO, None)):
            inner[..., halo] = inner[..., HALO + self._columns[halo]]
        for halo in (slice(HALO), slice(-HALO, None)):
            whole[:, halo] = whole[:, HALO + self._rows[halo]]

    def cut(self, laid: Sequence[Laid], strip: Strip) -> Layers:
        """Copies places. Shares and guide have halos; what the other planes have in their columns means nothing."""
        chroma, luma = strip.chroma, strip.luma
        for each in laid:
            chroma[..., each.strip_haloed] = self._chroma[:, each.haloed[0], each.haloed[1]]
            luma[:, each.strip_luma[0], each.strip_luma[1]] = self._luma[:, each.luma[0], each.luma[1]]
        used = laid[-1].strip_haloed.stop
        return _layers(chroma[:, HALO:-HALO, :used], luma[..., : 2 * used], haloed=chroma[:, :, :used])


class Strip:
    """Memory for places beside each other, `width` columns of chroma with halos: they are keyed in the cache."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.chroma = np.zeros((_CHROMA_PLANES, BAND + 2 * HALO, width), np.uint8)
        self.luma = np.zeros((_LUMA_PLANES, 2 * BAND, 2 * width), np.uint8)


@dataclass(frozen=True, slots=True)
class Laid:
    """Where a place lies in planes of chroma, of luma, and in those with a halo: in a picture and in a strip."""

    chroma: tuple[slice, slice]
    luma: tuple[slice, slice]
    haloed: tuple[slice, slice]
    strip_chroma: tuple[slice, slice]
    strip_luma: tuple[slice, slice]
    strip_haloed: slice


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


def _layers(chroma: Bytes, luma: Bytes, *, haloed: Bytes) -> Layers:
    shares, guide = haloed[:_MIRRORED]
    u, v, plate_u, plate_v, gain, behind_u, behind_v = chroma[_MIRRORED:]
    picture, plate, behind = luma
    return Layers(
        shares,
        guide,
        Planes(picture, u, v),
        CleanPlate(plate, plate_u, plate_v, gain),
        Planes(behind, behind_u, behind_v),
    )
