"""How the mouth stands at every picture of a spoken video."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.video.engines.mesh_warp.voice.closures import closures
from services.video.engines.mesh_warp.voice.features import FEATURES_PER_SECOND, Floats, VoiceFeatures, measure

_RANGE_DB = 30.0  # from shut to as open as the vowel lets it be
_FAINTEST_DB = -60.0  # below full scale; what is fainter is silence however faint the rest
_OVER_NOISE_DB = 9.0
_SHUT_BELOW = 0.15
_OPEN_VOWEL = (250.0, 800.0)  # first formant of the most closed and of the most open vowel
_SPREAD_VOWEL = (1400.0, 900.0)  # second formant of a neutral vowel, and how far to the extremes
_HISS_DB = 4.0  # of the high over the low band, from where a sound is s, sh, f or the like
_HISS_OPENING = 0.18
_OPENING_BLUR_S = 0.025
_SPREAD_BLUR_S = 0.04


@dataclass(frozen=True, slots=True)
class MouthCurve:
    """One value for each picture: `opening` 0 (shut) to 1 (as wide as in speech), `spread` -1 (round) to 1 (wide)."""

    opening: Floats
    spread: Floats

    def __len__(self) -> int:
        return len(self.opening)


def mouth_curve(voice: Floats, *, pictures: int, per_second: float) -> MouthCurve:
    """The curve of a voice (mono, at `features.SAMPLE_RATE`) for so many pictures. A silent voice keeps it shut."""
    if not len(voice):
        return MouthCurve(np.zeros(pictures, np.float32), np.zeros(pictures, np.float32))
    features = measure(voice)
    loudness, is_hiss = _loudness(features), _is_hiss(features)
    opening = np.where(is_hiss, _HISS_OPENING * loudness, loudness * _openness(features))
    opening[loudness < _SHUT_BELOW] = 0.0
    closed = closures_of(features)
    opening = _blur(opening.astype(np.float32), _OPENING_BLUR_S)
    opening *= 1.0 - _blur(_widen(closed, 0.5 / per_second), 0.5 * _OPENING_BLUR_S)
    spread = _blur((_spread(features) * loudness * ~is_hiss).astype(np.float32), _SPREAD_BLUR_S)
    moments = (np.arange(pictures) + 0.5) * FEATURES_PER_SECOND / per_second
    return MouthCurve(_at(opening, moments), _at(spread, moments))


def closures_of(features: VoiceFeatures) -> Floats:
    """How far the lips are closed for m, b and p, `FEATURES_PER_SECOND` times a second."""
    return closures(features, voiced=~_is_hiss(features) & (_loudness(features) > _SHUT_BELOW))


def _is_hiss(features: VoiceFeatures) -> NDArray[np.bool_]:
    return np.asarray(features.high > features.low + _HISS_DB, dtype=np.bool_)


def _loudness(features: VoiceFeatures) -> Floats:
    """0..1 over what is silence in this voice."""
    audible = features.level[features.level > _FAINTEST_DB]
    if not len(audible):
        return np.zeros(len(features), np.float32)
    loud = float(np.percentile(audible, 95))
    noise = float(np.percentile(features.level, 5))
    # A voice without pauses has no noise to be seen.
    floor = max(loud - _RANGE_DB, min(noise + _OVER_NOISE_DB, loud - _RANGE_DB / 2), _FAINTEST_DB)
    return np.asarray(np.clip((features.level - floor) / max(loud - floor, 1.0), 0.0, 1.0), dtype=np.float32)


def _openness(features: VoiceFeatures) -> Floats:
    low, high = _OPEN_VOWEL
    by_vowel = np.where(features.first > 0, np.clip((features.first - low) / (high - low), 0.0, 1.0), 0.3)
    return (0.35 + 0.65 * by_vowel).astype(np.float32)


def _spread(features: VoiceFeatures) -> Floats:
    neutral, reach = _SPREAD_VOWEL
    by_vowel = np.clip((features.second - neutral) / reach, -1.0, 1.0)
    return np.where(features.second > 0, by_vowel, 0.0).astype(np.float32)


def _widen(values: Floats, seconds: float) -> Floats:
    """The largest value within that time: what is shorter than a picture must be seen in one."""
    reach = int(np.ceil(seconds * FEATURES_PER_SECOND))
    padded = np.pad(values, reach)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1), dtype=np.float32)


def _blur(values: Floats, seconds: float) -> Floats:
    sigma = seconds * FEATURES_PER_SECOND
    offsets = np.arange(-int(3 * sigma) - 1, int(3 * sigma) + 2)
    kernel = np.exp(-(offsets**2) / (2 * sigma**2))
    padded = np.pad(values, len(offsets) // 2)
    return np.convolve(padded, kernel / kernel.sum(), mode="valid").astype(np.float32)


def _at(values: Floats, moments: NDArray[np.floating]) -> Floats:
    return np.asarray(np.interp(moments, np.arange(len(values)) + 0.5, values, right=0.0), dtype=np.float32)
