"""The spectrogram the speaker encoder was trained on: librosa's defaults at 16 kHz, without librosa."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
BANDS = 40
_WINDOW = 400
_HOP = 160
# Slaney's scale: linear up to 1 kHz, then 27 steps for each factor of 6.4.
_LINEAR_HZ = 200.0 / 3
_BREAK_HZ = 1000.0
_LOG_STEP = np.log(6.4) / 27.0


def mel_frames(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Power in mel bands every 10 ms, shape (1 + n // 160, BANDS)."""
    padded = np.pad(audio, _WINDOW // 2)
    frames = sliding_window_view(padded, _WINDOW)[::_HOP] * _window()
    power = np.square(np.abs(np.fft.rfft(frames, axis=1)))
    return np.asarray(power @ _filters(), dtype=np.float32)


@cache
def _window() -> NDArray[np.float64]:
    """Hann, periodic."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW))


@cache
def _filters() -> NDArray[np.float64]:
    """Triangles of equal area, shape (_WINDOW // 2 + 1, BANDS)."""
    bins = np.linspace(0.0, SAMPLE_RATE / 2, _WINDOW // 2 + 1)
    edges = _hertz(np.linspace(0.0, _mels(SAMPLE_RATE / 2), BANDS + 2))
    rising = (bins[:, np.newaxis] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - bins[:, np.newaxis]) / np.diff(edges)[1:]
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)) * 2.0 / (edges[2:] - edges[:-2]))


def _mels(hertz: float) -> float:
    """Of a frequency above the break."""
    return float(_BREAK_HZ / _LINEAR_HZ + np.log(hertz / _BREAK_HZ) / _LOG_STEP)


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    at_break = _BREAK_HZ / _LINEAR_HZ
    return np.where(mels < at_break, mels * _LINEAR_HZ, _BREAK_HZ * np.exp(_LOG_STEP * (mels - at_break)))
