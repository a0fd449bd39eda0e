"""What of a voice tells how the mouth stands, a hundred times a second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SAMPLE_RATE = 16_000
"""Of the voice that is measured, in hertz; one channel."""
FEATURES_PER_SECOND = 100

_HOP = SAMPLE_RATE // FEATURES_PER_SECOND
_WINDOW = 512
_BLOCK = 1000  # windows measured at a time: bounds the memory
_ORDER = 12
_PRE_EMPHASIS = 0.97
_SILENT = 1e-4  # RMS below which nothing is measured
_FORMANTS = (200.0, 4000.0)
_MAX_BANDWIDTH = 500.0


@dataclass(frozen=True, slots=True)
class VoiceFeatures:
    """One value for each hundredth of a second.

    level: decibels below full scale. first, second: formants in hertz, 0 where there is none. low, middle, high: level
    of 80-700, 800-2500 and 2500-6000 Hz in decibels.
    """

    level: Floats
    first: Floats
    second: Floats
    low: Floats
    middle: Floats
    high: Floats

    def __len__(self) -> int:
        return len(self.level)


def measure(voice: Floats) -> VoiceFeatures:
    """The features of a voice at `SAMPLE_RATE`."""
    count = -(-len(voice) // _HOP)
    padded = np.pad(voice, (_WINDOW // 2, _WINDOW + _HOP))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][:count]
    blocks = [_measure_block(windows[start : start + _BLOCK]) for start in range(0, count, _BLOCK)]
    return VoiceFeatures(*(np.concatenate(values).astype(np.float32) for values in zip(*blocks, strict=True)))


def _measure_block(windows: Floats) -> tuple[NDArray[np.float64], ...]:
    samples = windows.astype(np.float64)
    middle = samples[:, _WINDOW // 4 : -_WINDOW // 4]  # what sounds at this moment, not around it
    level = np.sqrt((middle**2).mean(axis=1))
    power = np.abs(np.fft.rfft(samples * np.hanning(_WINDOW), axis=1)) ** 2
    bands = [_band(power, low, high) for low, high in ((80, 700), (800, 2500), (2500, 6000))]
    first, second = np.zeros(len(samples)), np.zeros(len(samples))
    sounding = np.flatnonzero(level > _SILENT)
    if len(sounding):
        first[sounding], second[sounding] = _formants(samples[sounding])
    return _decibels(level**2), first, second, *bands


def _band(power: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    per_hertz = _WINDOW / SAMPLE_RATE
    return _decibels(power[:, int(low * per_hertz) : int(high * per_hertz) + 1].sum(axis=1) / _WINDOW**2)


def _decibels(power: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(10 * np.log10(power + 1e-12))


def _formants(samples: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The two lowest resonances by linear prediction."""
    emphasized = samples.copy()
    emphasized[:, 1:] -= _PRE_EMPHASIS * samples[:, :-1]
    emphasized *= np.hamming(_WINDOW)
    spectrum = np.abs(np.fft.rfft(emphasized, 2 * _WINDOW, axis=1)) ** 2
    correlation = np.fft.irfft(spectrum, axis=1)[:, : _ORDER + 1]
    correlation[:, 0] *= 1 + 1e-6
    lags = np.abs(np.subtract.outer(np.arange(_ORDER), np.arange(_ORDER)))
    system = correlation[:, lags] + np.eye(_ORDER) * 1e-12
    predictor = np.linalg.solve(system, correlation[:, 1:, np.newaxis])[..., 0]
    companion = np.zeros((len(samples), _ORDER, _ORDER))
    companion[:, 0] = predictor
    companion[:, np.arange(1, _ORDER), np.arange(_ORDER - 1)] = 1
    roots = np.linalg.eigvals(companion)
    frequency = np.angle(roots) * SAMPLE_RATE / (2 * np.pi)
    bandwidth = -np.log(np.abs(roots) + 1e-9) * SAMPLE_RATE / np.pi
    is_formant = (frequency > _FORMANTS[0]) & (frequency < _FORMANTS[1]) & (bandwidth < _MAX_BANDWIDTH)
    sorted_formants = np.sort(np.where(is_formant, frequency, np.inf), axis=1)
    first, second = sorted_formants[:, 0], sorted_formants[:, 1]
    has_both = np.isfinite(second)
    return np.where(has_both, first, 0.0), np.where(has_both, second, 0.0)
