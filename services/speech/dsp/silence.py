"""Finding where speech begins and ends."""

import numpy as np
from numpy.typing import NDArray

_FRAME_S = 0.01
_FLOOR_DB = -48.0
_MARGIN_S = 0.03


def frame_rms(audio: NDArray[np.float32], frame_length: int) -> NDArray[np.float64]:
    """Root mean square of each whole or partial frame, shape (ceil(n / frame_length),)."""
    padded = np.pad(audio.astype(np.float64), (0, -len(audio) % frame_length))
    levels: NDArray[np.float64] = np.sqrt(np.mean(np.square(padded.reshape(-1, frame_length)), axis=1))
    return levels


def trim_edges(audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """The part of `audio` that `speech_in` finds."""
    return audio[speech_in(audio, sample_rate)]


def speech_in(audio: NDArray[np.float32], sample_rate: int) -> slice:
    """Where `audio` is without the silence around it; a margin of 30 ms stays so that soft onsets and endings survive.

    Silence is a 10 ms frame 48 dB below the loudest one. Of audio that is silent throughout nothing is left.
    """
    frame_length = round(sample_rate * _FRAME_S)
    levels = frame_rms(audio, frame_length)
    if not levels.size or not levels.max() > 0.0:
        return slice(0, 0)
    voiced = np.flatnonzero(levels >= levels.max() * 10 ** (_FLOOR_DB / 20))
    margin = round(sample_rate * _MARGIN_S)
    start = max(0, int(voiced[0]) * frame_length - margin)
    return slice(start, min(len(audio), (int(voiced[-1]) + 1) * frame_length + margin))


def pause(duration_s: float, sample_rate: int) -> NDArray[np.float32]:
    return np.zeros(round(duration_s * sample_rate), dtype=np.float32)
