"""Where the lips close while somebody speaks: for m, b and p.

There is no telling them from n, d, t, g and k with certainty without knowing what is said. Two cues are used: a
nasal made with the lips has less between 800 and 2500 Hz than one made with the tongue, and the burst after lips open
falls with frequency, whereas that of t and k rises or stands in the middle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.video.engines.mesh_warp.voice.features import FEATURES_PER_SECOND, Floats, VoiceFeatures

_MURMUR_FALL_DB = 18.0  # of the middle band below the low one, from where a voiced sound is a nasal of the lips
_MURMUR_SURE_DB = 24.0
_QUIETER_DB = 3.0  # than the loudest nearby: a vowel with its energy far below (u) is not
_NEARBY_S = 0.15
_MURMUR_S = (0.03, 0.3)
_GAP_DB = 14.0
_GAP_S = (0.02, 0.15)
_BURST_S = 0.03
_BURST_FALL_DB = 6.0  # of the high band below the middle one, from where a burst is one of the lips
_BURST_SURE_DB = 14.0
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
    sureness = np.clip((fall - _MURMUR_FALL_DB) / (_MURMUR_SURE_DB - _MURMUR_FALL_DB), 0.0, 1.0)
    for begin, end in _runs(is_candidate & (sureness > 0), _MURMUR_S):
        closed[begin:end] = np.maximum(closed[begin:end], sureness[begin:end].max())


def _add_stops(closed: Floats, features: VoiceFeatures, is_quiet: NDArray[np.bool_]) -> None:
    burst = round(_BURST_S * FEATURES_PER_SECOND)
    for begin, end in _runs(is_quiet, _GAP_S):
        if begin == 0 or end == len(features):
            continue
        fall = float((features.middle[end : end + burst] - features.high[end : end + burst]).mean())
        lips = float(np.clip((fall - _BURST_FALL_DB) / (_BURST_SURE_DB - _BURST_FALL_DB), 0.0, 1.0))
        closed[begin:end] = np.maximum(closed[begin:end], _TONGUE_CLOSURE + (1 - _TONGUE_CLOSURE) * lips)


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
