"""Videos of faces out of packaged pictures: NASA's portrait of an astronaut (scikit-image), and `carphone`, a man who
moves and talks (scikit-video)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import av
import cv2
import numpy as np
import skimage
import skvideo
from numpy.typing import NDArray

from tests.fakes.face_clip import write_clip

RATE = 25
Image: TypeAlias = NDArray[np.uint8]
"""(rows, columns, 3) in the order blue, green, red."""


@dataclass(frozen=True)
class Footage:
    name: str
    path: Path


def make_footage(folder: Path) -> list[Footage]:
    """The three videos."""
    portrait = np.asarray(cv2.imread(str(Path(skimage.__file__).parent / "data" / "astronaut.png")), dtype=np.uint8)
    wide = np.full((1080, 1920, 3), 90, np.uint8)
    wide[:, 420:1500] = cv2.resize(portrait, (1080, 1080), interpolation=cv2.INTER_CUBIC)
    moving = Path(skvideo.__file__).parent / "datasets" / "data" / "carphone_pristine.mp4"
    return [
        Footage("still 512x512", _written(folder / "still.mp4", [portrait] * 100)),
        Footage("moving 528x432", _written(folder / "moving.mp4", _enlarged(moving, 3))),
        Footage("still 1920x1080", _written(folder / "wide.mp4", [wide] * 250)),
    ]


def _enlarged(path: Path, times: int) -> Iterator[Image]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            image = frame.to_ndarray(format="bgr24")
            yield np.asarray(cv2.resize(image, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC), np.uint8)


def _written(path: Path, images: Iterable[Image]) -> Path:
    return write_clip(path, images, rate=RATE, preset="veryfast", crf=14)
