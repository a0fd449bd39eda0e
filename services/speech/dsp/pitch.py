"""Finding the pitch of speech, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from services.speech.dsp.silence import frame_rms

HOP_S: Final = 0.01
_WINDOW_S = 0.04
_LOWEST_HZ = 60.0
_HIGHEST_HZ = 500.0
_MIN_PERIODICITY = 0.45
# A frame this far below the loudest is breath or noise, however periodic.
_FLOOR = 10 ** (-35 / 20)
# A period twice as long fits nearly as well: the shorter one is meant unless it is this much worse.
_OCTAVE_TOLERANCE = 0.9
_SMOOTHING_FRAMES = 5
_BLOCK_FRAMES = 512
_SHORTEST_SPEECH_S = 0.2


@dataclass(frozen=True, slots=True)
class PitchTrack:
    """Pitch every HOP_S from the start: `hertz` is 0 where there is no voice; shape (frames,)."""

    hertz: NDArray[np.float64]

    @property
    def voiced(self) -> NDArray[np.float64]:
        """The pitch of the voiced frames only."""
        return self.hertz[self.hertz > 0.0]

    @property
    def median_hz(self) -> float:
        """0 when there is no voice."""
        return float(np.median(self.voiced)) if self.voiced.size else 0.0


def track_pitch(audio: NDArray[np.float32], sample_rate: int) -> PitchTrack:
    """The pitch of `audio` between 60 and 500 Hz, by the autocorrelation of 40 ms windows corrected for their taper.

    (Boersma 1993, without its search for the cheapest path: a median filter takes out single octave errors.)
    """
    hop, window = round(HOP_S * sample_rate), round(_WINDOW_S * sample_rate)
    frames = max(1, -(-len(audio) // hop))
    levels = frame_rms(np.pad(audio, (0, max(0, frames * hop - len(audio)))), hop)
    padded = np.pad(audio.astype(np.float64), (window // 2, window + hop))
    hertz = np.zeros(frames)
    for start in range(0, frames, _BLOCK_FRAMES):
        at = np.arange(start, min(start + _BLOCK_FRAMES, frames))
        hertz[at] = _pitches(padded[at[:, np.newaxis] * hop + np.arange(window)], sample_rate)
    hertz[levels[:frames] < levels.max(initial=0.0) * _FLOOR] = 0.0
    return PitchTrack(_smooth(hertz))


def median_pitch(audio: NDArray[np.float32], sample_rate: int) -> float | None:
    """The median pitch of the voiced parts in Hz; None when nobody speaks for a fifth of a second."""
    track = track_pitch(audio, sample_rate)
    return track.median_hz if track.voiced.size * HOP_S >= _SHORTEST_SPEECH_S else None


def _pitches(windows: NDArray[np.float64], sample_rate: int) -> NDArray[np.float64]:
    length = windows.shape[1]
    shortest, longest = int(sample_rate / _HIGHEST_HZ), min(int(sample_rate / _LOWEST_HZ), length * 3 // 4)
    taper = np.hanning(length)
    correlation = _autocorrelation((windows - windows.mean(axis=1, keepdims=True)) * taper)
    correlation /= np.maximum(correlation[:, :1], 1e-12)
    taper_correlation = _autocorrelation(taper[np.newaxis])[0]
    fit = correlation[:, : longest + 2] / (taper_correlation[: longest + 2] / taper_correlation[0])
    inner = fit[:, shortest : longest + 1]
    is_peak = (inner >= fit[:, shortest - 1 : longest]) & (inner >= fit[:, shortest + 1 : longest + 2])
    heights = np.where(is_peak, inner, 0.0)
    best = heights.max(axis=1)
    first = np.argmax(heights >= best[:, np.newaxis] * _OCTAVE_TOLERANCE, axis=1) + shortest
    lags = first + _vertex_offsets(fit, first)
    return np.where(best >= _MIN_PERIODICITY, sample_rate / lags, 0.0)


def _autocorrelation(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    length = windows.shape[1]
    size = 1 << (2 * length - 1).bit_length()
    spectrum = np.fft.rfft(windows, size, axis=1)
    correlation: NDArray[np.float64] = np.fft.irfft(np.square(np.abs(spectrum)), size, axis=1)[:, :length]
    return correlation


def _vertex_offsets(fit: NDArray[np.float64], lags: NDArray[np.int64]) -> NDArray[np.float64]:
    """Where between the samples the parabola through each peak and its neighbours is highest."""
    rows = np.arange(len(lags))
    before, at, after = fit[rows, lags - 1], fit[rows, lags], fit[rows, lags + 1]
    bend = before - 2 * at + after
    offsets = np.divide(before - after, 2 * bend, out=np.zeros_like(bend), where=bend < 0.0)
    return np.clip(offsets, -0.5, 0.5)


def _smooth(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Takes out lone frames and lone octave jumps; what is voiced stays so only with voiced neighbours."""
    padded = np.pad(hertz, _SMOOTHING_FRAMES // 2, mode="edge")
    smoothed: NDArray[np.float64] = np.median(sliding_window_view(padded, _SMOOTHING_FRAMES), axis=1)
    return smoothed
