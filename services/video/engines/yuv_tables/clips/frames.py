"""Between the frames of the video library and planes."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from services.video.engines.yuv_tables.keyer.colours import Matrix
from services.video.engines.yuv_tables.keyer.planes import Bytes, Planes, Size

_FORMAT = "yuv420p"
_LOWEST_HD = 720  # lines from which on an unmarked video is BT.709
_BT601_CODES = (Colorspace.ITU624, Colorspace.SMPTE170M)
_UNMARKED = 2
_TURNS: Mapping[int, int] = MappingProxyType(
    {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
)


@dataclass(frozen=True, slots=True)
class Colours:
    """How the numbers of a video are meant. `space`, `primaries` and `transfer` are codes of H.273."""

    matrix: Matrix
    space: int
    primaries: int
    transfer: int


def colours_of(frame: av.VideoFrame) -> Colours:
    """As the frame says, or as its size suggests."""
    space = int(frame.colorspace)
    if space == _UNMARKED:
        space = int(Colorspace.ITU709 if min(frame.width, frame.height) >= _LOWEST_HD else Colorspace.SMPTE170M)
    matrix = Matrix.BT601 if space in tuple(int(code) for code in _BT601_CODES) else Matrix.BT709
    return Colours(matrix, space, int(frame.color_primaries), int(frame.color_trc))


def turn_of(frame: av.VideoFrame) -> int:
    """Degrees clockwise to turn it by until it is upright: 0, 90, 180 or 270."""
    return round(-frame.rotation / 90) * 90 % 360


def upright_planes(frame: av.VideoFrame, coded: tuple[int, int], *, colours: Colours | None = None) -> Planes:
    """The planes of a frame as it is shown. Views into the frame where nothing had to be converted.

    `coded` is the width and height to have before turning; an odd row or column at the end is left out. `colours`
    are those to have; None leaves them as they are.
    """
    even = _converted(frame, coded, colours)
    luma, u, v = (_view(plane) for plane in even.planes)
    width, height = coded[0] // 2 * 2, coded[1] // 2 * 2
    chroma = (slice(height // 2), slice(width // 2))
    planes = (luma[:height, :width], u[chroma], v[chroma])
    turn = turn_of(frame)
    if turn:
        planes = (_turned(planes[0], turn), _turned(planes[1], turn), _turned(planes[2], turn))
    return Planes(*planes)


def shown_size(frame: av.VideoFrame) -> Size:
    """Of its upright planes."""
    width, height = frame.width // 2 * 2, frame.height // 2 * 2
    return Size(height, width) if turn_of(frame) % 180 else Size(width, height)


class FramePool:
    """Frames of one size to be filled, used again and again: memory that is new costs more than what is done to it.

    May be used by several threads.
    """

    def __init__(self, size: Size) -> None:
        self._size = size
        self._spare: deque[av.VideoFrame] = deque()

    def take(self) -> tuple[av.VideoFrame, Planes]:
        """A frame with anything in it, and its planes."""
        try:
            frame = self._spare.pop()
        except IndexError:
            frame = av.VideoFrame(self._size.width, self._size.height, _FORMAT)
        # Whoever has had it before may still look at what was in it.
        frame.make_writable()
        luma, u, v = (_view(plane) for plane in frame.planes)
        return frame, Planes(luma, u, v)

    def give_back(self, frame: av.VideoFrame) -> None:
        """Its planes are not to be used any more."""
        self._spare.append(frame)


def _converted(frame: av.VideoFrame, coded: tuple[int, int], colours: Colours | None) -> av.VideoFrame:
    is_limited = int(frame.color_range) != int(ColorRange.JPEG)
    has_colours = colours is None or colours_of(frame).matrix is colours.matrix
    if frame.format.name == _FORMAT and is_limited and (frame.width, frame.height) == coded and has_colours:
        return frame
    own = colours_of(frame).space
    return frame.reformat(
        width=coded[0],
        height=coded[1],
        format=_FORMAT,
        src_colorspace=own,
        dst_colorspace=own if colours is None else colours.space,
        dst_color_range=ColorRange.MPEG,
    )


def _view(plane: av.video.plane.VideoPlane) -> Bytes:
    rows: Bytes = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


def _turned(plane: Bytes, turn: int) -> Bytes:
    return np.asarray(cv2.rotate(plane, _TURNS[turn]), np.uint8)
