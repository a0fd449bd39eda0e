"""How high somebody speaks."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

_MIN_HZ = 70.0
_MAX_HZ = 500.0
_WINDOW_S = 0.02
_HOP_S = 0.02
# A frame is voiced when it is nearly the same one period later, and loud enough to belong to the speaker.
_MAX_DIFFERENCE = 0.3
_MAX_BELOW_LOUDEST_DB = 30.0
# Fewer voiced frames are no speech.
_MIN_VOICED_FRAMES = 10


def median_pitch(audio: NDArray[np.float32], sample_rate: int) -> float | None:
    """The median fundamental of the voiced parts in Hz, between 70 and 500; None when nobody speaks.

    After YIN (de Cheveigne and Kawahara, 2002): the first period at which the cumulative mean normalised difference
    function has a dip that is deep enough.
    """
    longest = round(sample_rate / _MIN_HZ)
    frame_length = round(sample_rate * _WINDOW_S) + longest
    if len(audio) < frame_length:
        return None
    frames = sliding_window_view(audio, frame_length)[:: round(sample_rate * _HOP_S)].astype(np.float64)
    levels = np.sqrt(np.mean(np.square(frames), axis=1))
    loud = frames[levels > levels.max() * 10 ** (-_MAX_BELOW_LOUDEST_DB / 20)]
    if not len(loud):
        return None
    differences = _normalised_differences(loud, longest)
    periods = _first_dips(differences, round(sample_rate / _MAX_HZ))
    voiced = periods[periods > 0]
    return None if len(voiced) < _MIN_VOICED_FRAMES else float(np.median(sample_rate / voiced))


def _normalised_differences(frames: NDArray[np.float64], longest: int) -> NDArray[np.float64]:
    """Shape (frames, longest + 1): how different each frame is from itself a period of so many samples later."""
    window = frames.shape[1] - longest
    head = frames[:, :window]
    size = 1 << (frames.shape[1] + window).bit_length()
    spectrum = np.conj(np.fft.rfft(head, size)) * np.fft.rfft(frames, size)
    correlation = np.fft.irfft(spectrum, size)[:, : longest + 1]
    squares = np.pad(np.cumsum(np.square(frames), axis=1), ((0, 0), (1, 0)))
    energies = squares[:, window : window + longest + 1] - squares[:, : longest + 1]
    differences = np.maximum(energies[:, :1] + energies - 2 * correlation, 0.0)
    lags = np.arange(1, longest + 1)
    sums = np.maximum(np.cumsum(differences[:, 1:], axis=1), np.finfo(np.float64).tiny)
    normalised: NDArray[np.float64] = np.ones_like(differences)
    normalised[:, 1:] = differences[:, 1:] * lags / sums
    return normalised


def _first_dips(differences: NDArray[np.float64], shortest: int) -> NDArray[np.int64]:
    """The period of each frame in samples; 0 where there is none."""
    inner = differences[:, shortest:-1]
    is_dip = (inner <= differences[:, shortest - 1 : -2]) & (inner < differences[:, shortest + 1 :])
    is_deep = is_dip & (inner < _MAX_DIFFERENCE)
    first: NDArray[np.int64] = np.where(is_deep.any(axis=1), is_deep.argmax(axis=1) + shortest, 0)
    return first
