"""Measuring how something was said: the melody, pace and loudness of a recording."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from services.speech.dsp.loudness import active_level
from services.speech.dsp.pitch import HOP_S, track_pitch
from services.speech.dsp.silence import frame_rms, trim_edges
from services.speech.emotion.delivery import Delivery

_ENVELOPE_SMOOTHING_S = 0.03
_MIN_DIP_DB = 2.0
_MIN_SYLLABLE_S = 0.09
_SPEECH_FLOOR_DB = -25.0
# Pitch is said to range over what lies between these percentiles, so that a few wrong frames do not count.
_RANGE_PERCENTILES = (10.0, 90.0)


def measure_delivery(audio: NDArray[np.float32], sample_rate: int) -> Delivery:
    """Measures speech, float32 mono. Silence has no voice, and everything else about it is 0 or -120 dBFS."""
    speech = trim_edges(audio, sample_rate)
    track = track_pitch(speech, sample_rate)
    spread = 0.0
    if track.median_hz:
        low, high = np.percentile(track.voiced, _RANGE_PERCENTILES)
        spread = float(12 * np.log2(high / low))
    return Delivery(
        median_hz=track.median_hz,
        range_semitones=spread,
        level_db=float(20 * np.log10(max(active_level(speech, sample_rate), 1e-6))),
        syllables_per_s=_syllable_rate(speech, track.hertz, sample_rate),
    )


def _syllable_rate(speech: NDArray[np.float32], hertz: NDArray[np.float64], sample_rate: int) -> float:
    """Peaks of the loudness that stand out and are voiced, per second of speech (de Jong and Wempe 2009)."""
    levels = frame_rms(speech, round(HOP_S * sample_rate))
    if not levels.size or not levels.max() > 0.0:
        return 0.0
    decibels = 20 * np.log10(np.maximum(levels / levels.max(), 1e-6))
    smooth = gaussian_filter1d(np.maximum(decibels, -60.0), _ENVELOPE_SMOOTHING_S / HOP_S)
    peaks, _ = find_peaks(
        smooth, height=_SPEECH_FLOOR_DB, prominence=_MIN_DIP_DB, distance=round(_MIN_SYLLABLE_S / HOP_S)
    )
    syllables = int(np.count_nonzero(hertz[np.minimum(peaks, len(hertz) - 1)] > 0.0))
    speaking_s = np.count_nonzero(smooth > _SPEECH_FLOOR_DB) * HOP_S
    return float(syllables / speaking_s) if speaking_s else 0.0
