"""Where the lips close while somebody speaks: for m, b and p.

There is no telling them from n, d, t, g and k with certainty without knowing what is said. Two cues are used: in the
murmur of closed lips little is left above the voice itself, and ever less the higher; and the burst when they open
falls with frequency, whereas that of t rises.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.video.engines.mesh_warp.voice.features import FEATURES_PER_SECOND, Floats, VoiceFeatures

# Decibels at which a cue begins to count and at which it is sure.
_MURMUR_FALL = (18.0, 24.0)  # of the middle band below the low one
_MURMUR_FURTHER_FALL = (0.0, 5.0)  # of the high band below the middle one
_BURST_FALL = (5.0, 10.0)  # of the high band below the middle one
_QUIETER_DB = 3.0  # than the loudest nearby: a vowel with its energy far below (u) is not
_NEARBY_S = 0.15
_MURMUR_S = (0.03, 0.3)
_GAP_DB = 14.0
_GAP_S = (0.02, 0.15)
_BURST_S = 0.03
_TONGUE_CLOSURE = 0.3


def closures(features: VoiceFeatures, *, voiced: NDArray[np.bool_]) -> Floats:
    """How far the lips are closed, 0..1, a hundred times a second; 0 in pauses, where nothing is said."""
    closed = np.zeros(len(features), np.float32)
    around = _loudest_nearby(features.level)
    _add_murmurs(closed, features, voiced & (features.level < around - _QUIETER_DB))
    _add_stops(closed, features, (features.level < around - _GAP_DB))
    return closed


def _add_murmurs(closed: Floats, features: VoiceFeatures, is_candidate: NDArray[np.bool_]) -> None:
    fall = features.low - features.middle
    for begin, end in _runs(is_candidate & (fall > _MURMUR_FALL[0]), _MURMUR_S):
        further = float((features.middle[begin:end] - features.high[begin:end]).mean())
        sureness = _sureness(float(fall[begin:end].max()), _MURMUR_FALL) * _sureness(further, _MURMUR_FURTHER_FALL)
        closed[begin:end] = np.maximum(closed[begin:end], sureness)


def _add_stops(closed: Floats, features: VoiceFeatures, is_quiet: NDArray[np.bool_]) -> None:
    burst = round(_BURST_S * FEATURES_PER_SECOND)
    for begin, end in _runs(is_quiet, _GAP_S):
        if begin == 0 or end == len(features):
            continue
        fall = float((features.middle[end : end + burst] - features.high[end : end + burst]).mean())
        lips = _TONGUE_CLOSURE + (1 - _TONGUE_CLOSURE) * _sureness(fall, _BURST_FALL)
        closed[begin:end] = np.maximum(closed[begin:end], lips)


def _sureness(decibels: float, bounds: tuple[float, float]) -> float:
    low, high = bounds
    return min(max((decibels - low) / (high - low), 0.0), 1.0)


def _loudest_nearby(level: Floats) -> Floats:
    reach = round(_NEARBY_S * FEATURES_PER_SECOND)
    padded = np.pad(level, reach, mode="edge")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1), dtype=np.float32)


def _runs(is_set: NDArray[np.bool_], seconds: tuple[float, float]) -> list[tuple[int, int]]:
    """Stretches of such a length, as begin and end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_set, [False]]).astype(np.int8)))
    shortest, longest = (length * FEATURES_PER_SECOND for length in seconds)
    return [
        (int(begin), int(end))
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
        if shortest <= end - begin <= longest
    ]
