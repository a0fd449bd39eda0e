"""Pictures on disk, to be had in any order."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from services.video.engines.mesh_warp.picture import Picture

_QUALITY = 95


class PictureStore:
    """Keeps pictures in one file, compressed nearly without loss. Deleting the file is for who names it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b")
        self._places: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self._places)

    def close(self) -> None:
        self._file.close()

    def append(self, picture: Picture) -> None:
        # The three planes as one grey image: JPEG would halve the chroma once more.
        _done, packed = cv2.imencode(".jpg", picture.planes, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        self._file.seek(0, 2)
        self._places.append((self._file.tell(), len(packed)))
        self._file.write(packed.tobytes())

    def __getitem__(self, index: int) -> Picture:
        place, size = self._places[index]
        self._file.seek(place)
        packed = np.frombuffer(self._file.read(size), np.uint8)
        return Picture(np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), dtype=np.uint8))
