"""Levelling, volume and the peak limit."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from services.speech.dsp.silence import frame_rms

PEAK_CEILING = 10 ** (-1 / 20)
"""-1 dBFS: headroom for the overshoot of lossy codecs."""

SPEECH_LEVEL = 10 ** (-20 / 20)
_MAX_CORRECTION = 10 ** (15 / 20)
_FRAME_S = 0.02
_GATE = 10 ** (-25 / 20)
_LOOKAHEAD_S = 0.003
_UNITY_VOLUME = 50


def level(audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """`audio` scaled so that its active speech has an RMS of -20 dBFS, by at most 15 dB either way.

    Active are the 20 ms frames within 25 dB of the loudest, so pauses do not count: the idea of the gate of
    ITU-R BS.1770 without its filter, which matters little for speech against speech. Peaks may exceed 1.
    """
    active = active_level(audio, sample_rate)
    if not active:
        return audio
    return audio * np.float32(np.clip(SPEECH_LEVEL / active, 1 / _MAX_CORRECTION, _MAX_CORRECTION))


def active_level(audio: NDArray[np.float32], sample_rate: int) -> float:
    """The RMS of the active speech in `audio`, as `level` measures it; 0 for silence."""
    frames = frame_rms(audio, round(sample_rate * _FRAME_S))
    if not frames.size or not frames.max() > 0.0:
        return 0.0
    active = frames[frames >= frames.max() * _GATE]
    return float(np.sqrt(np.mean(np.square(active))))


def apply_volume(audio: NDArray[np.float32], volume: float) -> NDArray[np.float32]:
    """Linear gain volume / 50: 0 is silence, 50 leaves the level as it is, 100 doubles the amplitude (+6 dB)."""
    return audio * np.float32(volume / _UNITY_VOLUME)


def apply_gain(audio: NDArray[np.float32], gain_db: float) -> NDArray[np.float32]:
    """`audio` louder by so many decibels."""
    return audio if gain_db == 0.0 else audio * np.float32(10 ** (gain_db / 20))


def limit_peak(audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """`audio` with no sample beyond PEAK_CEILING; gain is turned down smoothly around each peak.

    The gain curve is a moving average of a moving minimum of the same width: every averaged value is at most
    the gain its own sample needs, so the ceiling holds exactly.
    """
    magnitude = np.abs(audio)
    if not magnitude.size or magnitude.max() <= PEAK_CEILING:
        return audio
    needed = PEAK_CEILING / np.maximum(magnitude, PEAK_CEILING).astype(np.float64)
    width = 2 * round(sample_rate * _LOOKAHEAD_S) + 1
    gain = uniform_filter1d(minimum_filter1d(needed, width, mode="nearest"), width, mode="nearest")
    limited = np.asarray(audio * gain, dtype=np.float32)
    return np.clip(limited, -PEAK_CEILING, PEAK_CEILING)  # for what rounding adds
