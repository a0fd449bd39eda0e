"""What stands behind the person: an image, or a video that begins anew when it ends."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import av
import cv2
import numpy as np

from kit.engines import InputRefused
from services.video.engines.yuv_tables.clips.frames import Colours, upright_planes
from services.video.engines.yuv_tables.keyer.colours import Matrix
from services.video.engines.yuv_tables.keyer.planes import NEUTRAL, Bytes, Floats, Planes, Size
from services.video.media.opening import opened

_WHAT = "背景"
_BLACK = 16
_LUMA_RANGE, _CHROMA_RANGE = 219 / 255, 224 / 255
_SHORTEST_FRAME_S = 1 / 240
_TOLERANCE_S = 1e-3  # times are sums of rounded lengths


class Background(Protocol):
    """Answers what is behind at a time."""

    def at(self, time_s: float, /) -> Planes:
        """Times do not go back. Raises InputRefused."""
        ...


@dataclass(frozen=True, slots=True)
class StillBackground:
    """The same all the time."""

    planes: Planes

    def at(self, _time_s: float) -> Planes:
        return self.planes


class MovingBackground:
    """Each of its frames as long as it lasts in the video itself."""

    def __init__(self, frames: Iterator[tuple[float, Planes]]) -> None:
        self._frames = frames
        first = next(frames, None)
        if first is None:
            raise InputRefused(f"{_WHAT}文件没有画面")
        self._shown, self._next = first, next(frames, None)

    def at(self, time_s: float) -> Planes:
        while self._next is not None and self._next[0] <= time_s + _TOLERANCE_S:
            self._shown, self._next = self._next, next(self._frames, None)
        return self._shown[1]


@contextmanager
def opened_background(path: Path, size: Size, colours: Colours) -> Iterator[Background]:
    """The background in this size and with these colours, told by its content. Raises InputRefused."""
    if cv2.haveImageReader(str(path)):
        yield StillBackground(_still(path, size, colours.matrix))
        return
    with closing(_looped(path, size, colours)) as frames:
        yield MovingBackground(frames)


def covering(width: int, height: int, size: Size) -> tuple[slice, slice]:
    """Rows and columns in the middle of a picture that have the shape of `size`."""
    rows = min(height, max(1, round(width * size.height / size.width)))
    columns = min(width, max(1, round(height * size.width / size.height)))
    top, left = (height - rows) // 2, (width - columns) // 2
    return slice(top, top + rows), slice(left, left + columns)


def _still(path: Path, size: Size, matrix: Matrix) -> Planes:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise InputRefused(f"{_WHAT}图片已损坏，无法解码")
    part = image[covering(image.shape[1], image.shape[0], size)]
    bgr = np.asarray(_scaled(np.asarray(part, np.uint8), (size.width, size.height)), np.float32)
    red_weight, blue_weight = matrix.value
    weights = np.array([blue_weight, 1 - red_weight - blue_weight, red_weight], np.float32)
    luma = bgr @ weights
    blue, red = (
        np.asarray(cv2.resize(bgr[..., at] - luma, size.chroma, interpolation=cv2.INTER_AREA), np.float32)
        / np.float32(2 * (1 - weight))
        for at, weight in ((0, blue_weight), (2, red_weight))
    )
    chroma = (_bytes(part * np.float32(_CHROMA_RANGE) + np.float32(NEUTRAL)) for part in (blue, red))
    return Planes(_bytes(luma * np.float32(_LUMA_RANGE) + np.float32(_BLACK)), *chroma)


def _looped(path: Path, size: Size, colours: Colours) -> Generator[tuple[float, Planes]]:
    """Frames with the times at which they begin, again and again; one frame alone only once."""
    begin = 0.0
    while True:
        end, count = begin, 0
        for time, planes in _frames(path, size, colours):
            length = max(_SHORTEST_FRAME_S, begin + time - end) if count else _SHORTEST_FRAME_S
            end, count = max(begin + time, end), count + 1
            yield end, planes
        if count < 2:
            return
        begin = end + length


def _frames(path: Path, size: Size, colours: Colours) -> Iterator[tuple[float, Planes]]:
    with opened(path, _WHAT) as container:
        stream = container.streams.best("video")
        if not isinstance(stream, av.VideoStream):
            raise InputRefused(f"{_WHAT}文件没有画面")
        start: float | None = None
        coded: tuple[int, int] | None = None
        for index, frame in enumerate(container.decode(stream)):
            time = frame.time if frame.time is not None else index / float(stream.average_rate or 25)
            start = time if start is None else start
            coded = coded or (frame.width, frame.height)
            yield max(0.0, time - start), _fitted(upright_planes(frame, coded, colours=colours), size)


def _fitted(planes: Planes, size: Size) -> Planes:
    shape = planes.size
    if shape == size:
        return planes
    part = covering(*shape.chroma, size)
    whole = covering(shape.width, shape.height, size)
    return Planes(
        _scaled(planes.luma[whole], (size.width, size.height)),
        _scaled(planes.u[part], size.chroma),
        _scaled(planes.v[part], size.chroma),
    )


def _scaled(plane: Bytes, size: tuple[int, int]) -> Bytes:
    is_smaller = plane.shape[1] > size[0]
    method = cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, size, interpolation=method), np.uint8)


def _bytes(values: Floats) -> Bytes:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
