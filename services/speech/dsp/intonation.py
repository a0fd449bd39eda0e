"""Changing the melody of speech: its pitch and how far it rises and falls, with duration and timbre kept.

Pitch-synchronous overlap-add: pieces of two periods each are cut where the voice closes its glottis and laid down
again closer together or further apart. Formants stay where they are, so that the speaker stays the same one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.speech.dsp.pitch import HOP_S, PitchTrack, track_pitch

_UNVOICED_SPACING_S = 0.005
# Beyond a factor of 2 pieces overlap too much or leave holes.
_MAX_SHIFT = 2.0
_PEAK_SEARCH = 0.25


def change_intonation(
    audio: NDArray[np.float32], sample_rate: int, *, pitch: float, pitch_range: float
) -> NDArray[np.float32]:
    """Speech `pitch` times higher, whose distance from its median pitch in semitones is `pitch_range` times as wide.

    Same length. Both 1.0 leaves it as it is; no moment is moved by more than an octave.
    """
    if pitch == 1.0 and pitch_range == 1.0:
        return audio
    track = track_pitch(audio, sample_rate)
    if not track.median_hz:
        return audio
    shifts = _shifts(track, pitch=pitch, pitch_range=pitch_range)
    marks = _marks(audio, track, sample_rate)
    return _overlap_add(audio, marks, shifts, sample_rate)


def _shifts(track: PitchTrack, *, pitch: float, pitch_range: float) -> NDArray[np.float64]:
    """For each frame, how many times higher it is to be; 1 where there is no voice."""
    shifts = np.ones_like(track.hertz)
    is_voiced = track.hertz > 0.0
    shifts[is_voiced] = pitch * (track.hertz[is_voiced] / track.median_hz) ** (pitch_range - 1.0)
    return np.clip(shifts, 1.0 / _MAX_SHIFT, _MAX_SHIFT)


def _marks(audio: NDArray[np.float32], track: PitchTrack, sample_rate: int) -> NDArray[np.int64]:
    """Positions a period apart, each near the loudest sample of its period; evenly spaced where there is no voice."""
    magnitude = np.abs(audio)
    even = round(_UNVOICED_SPACING_S * sample_rate)
    hop = HOP_S * sample_rate
    last_frame = len(track.hertz) - 1
    marks = [0]
    was_voiced = False
    while marks[-1] < len(audio):
        hertz = track.hertz[min(int(marks[-1] / hop), last_frame)]
        if not hertz:
            marks.append(marks[-1] + even)
            was_voiced = False
            continue
        period = sample_rate / hertz
        # The first mark of a voiced stretch may lie anywhere in the period, the next ones close to where they must be.
        reach = period * (_PEAK_SEARCH if was_voiced else 0.5)
        begin, end = round(marks[-1] + period - reach), round(marks[-1] + period + reach) + 1
        window = magnitude[begin:end]
        marks.append(begin + int(np.argmax(window)) if window.size else end)
        was_voiced = True
    return np.array(marks, dtype=np.int64)


def _overlap_add(
    audio: NDArray[np.float32], marks: NDArray[np.int64], shifts: NDArray[np.float64], sample_rate: int
) -> NDArray[np.float32]:
    hop = HOP_S * sample_rate
    periods = np.diff(marks)
    margin = 2 * int(periods.max())
    padded = np.pad(audio.astype(np.float64), (margin, 2 * margin))
    output, weight = np.zeros(len(padded)), np.zeros(len(padded))
    position = float(marks[0])
    while position < len(audio):
        # The mark nearest to the position gives the piece.
        index = int(np.searchsorted(marks, position))
        if index > 0 and position - marks[index - 1] <= marks[min(index, len(marks) - 1)] - position:
            index -= 1
        left = int(periods[max(index - 1, 0)])
        right = int(periods[min(index, len(periods) - 1)])
        window = np.concatenate([_rise(left), _rise(right)[::-1]])
        source = int(marks[min(index, len(marks) - 1)]) + margin - left
        target = round(position) + margin - left
        output[target : target + left + right] += window * padded[source : source + left + right]
        weight[target : target + left + right] += window
        shift = shifts[min(int(position / hop), len(shifts) - 1)]
        position += max(1.0, right / shift)
    # Where pieces lie apart the sum of windows falls to nothing; dividing by it would raise clicks.
    mixed = output / np.maximum(weight, 0.5)
    return mixed[margin : margin + len(audio)].astype(np.float32)


def _rise(length: int) -> NDArray[np.float64]:
    """The rising half of a Hann window."""
    return 0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / length)
