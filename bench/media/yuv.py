"""RGB and 4:2:0 planes, by the BT.709 matrix in limited range."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Bytes: TypeAlias = NDArray[np.uint8]
Planes: TypeAlias = tuple[Bytes, Bytes, Bytes]

_TO_YUV = np.array(
    [[0.2126, 0.7152, 0.0722], [-0.114572, -0.385428, 0.5], [0.5, -0.454153, -0.045847]], np.float32
) * np.array([[219.0], [224.0], [224.0]], np.float32)
_ZERO = np.array([16.0, 128.0, 128.0], np.float32)


def planes_of(rgb: Floats) -> Planes:
    """Rounded 4:2:0 planes of a picture (height, width, 3) with values 0..1. Chroma is the mean of four pixels."""
    luma = rgb @ _TO_YUV[0] + _ZERO[0]
    height, width = luma.shape
    small = cv2.resize(rgb, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return _bytes(luma), _bytes(small @ _TO_YUV[1] + _ZERO[1]), _bytes(small @ _TO_YUV[2] + _ZERO[2])


def rgb_of(planes: Planes) -> Bytes:
    """A picture (height, width, 3) for looking at."""
    height, width = planes[0].shape
    chroma = [cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR) for plane in planes[1:]]
    yuv = np.dstack([planes[0], *chroma]).astype(np.float32) - _ZERO
    return _bytes(yuv @ np.linalg.inv(_TO_YUV).T.astype(np.float32) * 255)


def _bytes(values: Floats) -> Bytes:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
