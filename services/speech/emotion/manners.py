"""From an emotion to a manner of speaking, for engines that have no emotions of their own.

The direction of each offset is that of the literature on vocal emotion (Scherer 2003; Juslin and Laukka 2003): anger
and joy are faster, higher, wider and louder, sadness and melancholy the opposite, fear is faster and higher but
narrow, calm is plain and soft. Their sizes keep the words intelligible (bench/emotion.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from services.speech.emotion.delivery import Delivery
from services.speech.emotion.vector import Emotion, EmotionVector, saturated
from services.speech.engines.base import PLAIN, Manner


@dataclass(frozen=True, slots=True)
class _Offsets:
    """What the full strength of an emotion adds: to rate, pitch range and pauses as shares, to pitch in semitones, to
    energy in decibels."""

    rate: float
    semitones: float
    pitch_range: float
    energy_db: float
    pauses: float


_OFFSETS: Mapping[Emotion, _Offsets] = MappingProxyType(
    {
        Emotion.HAPPY: _Offsets(0.15, 3.0, 0.40, 3.0, -0.20),
        Emotion.ANGRY: _Offsets(0.22, 2.5, 0.35, 6.0, -0.35),
        Emotion.SAD: _Offsets(-0.22, -2.0, -0.40, -4.0, 0.60),
        Emotion.AFRAID: _Offsets(0.22, 3.5, -0.25, -1.0, -0.10),
        Emotion.DISGUSTED: _Offsets(-0.10, -1.0, 0.15, 1.0, 0.20),
        Emotion.MELANCHOLIC: _Offsets(-0.18, -1.5, -0.35, -3.0, 0.50),
        Emotion.SURPRISED: _Offsets(0.08, 4.0, 0.50, 3.0, -0.10),
        Emotion.CALM: _Offsets(-0.08, -0.3, -0.10, -4.0, 0.15),
    }
)

# What plain reading by our own voices measures; a reference is compared with it. Of pitch the nearer of the two counts:
# how high somebody speaks is first of all who they are.
_USUAL_HERTZ = (115.0, 220.0)
_USUAL_RANGE_SEMITONES = 9.5
_USUAL_SYLLABLES_PER_S = 4.2
_USUAL_LEVEL_DB = -20.0
# How far a reference may lead away from plain reading; bad recordings measure anything.
_RATES = (0.75, 1.3)
_SEMITONES = 4.0
_RANGES = (0.6, 1.6)
_ENERGIES_DB = 6.0


def manner_of_vector(vector: EmotionVector) -> Manner:
    """The weighted sum of the emotions' offsets; plain for all zeros. `vector` is an effective one: its sum is at most
    0.8."""
    if not any(vector):
        return PLAIN
    shares = list(zip(vector, (_OFFSETS[emotion] for emotion in Emotion), strict=True))
    return Manner(
        rate=1.0 + sum(share * offsets.rate for share, offsets in shares),
        pitch=_ratio(sum(share * offsets.semitones for share, offsets in shares)),
        pitch_range=1.0 + sum(share * offsets.pitch_range for share, offsets in shares),
        energy_db=sum(share * offsets.energy_db for share, offsets in shares),
        pauses=1.0 + sum(share * offsets.pauses for share, offsets in shares),
    )


def manner_of_reference(delivery: Delivery, weight: float) -> Manner:
    """How a recording was spoken, as a departure from plain reading; a weight of 0 is plain, 1 and above all of it.

    A recording without a voice has no manner.
    """
    share = saturated(weight)
    if not delivery.median_hz or not delivery.syllables_per_s or share == 0.0:
        return PLAIN
    semitones = min((12 * math.log2(delivery.median_hz / usual) for usual in _USUAL_HERTZ), key=abs)
    rate = _within(delivery.syllables_per_s / _USUAL_SYLLABLES_PER_S, _RATES)
    return Manner(
        rate=rate**share,
        pitch=_ratio(share * _within(semitones, (-_SEMITONES, _SEMITONES))),
        pitch_range=_within(delivery.range_semitones / _USUAL_RANGE_SEMITONES, _RANGES) ** share,
        energy_db=share * _within(delivery.level_db - _USUAL_LEVEL_DB, (-_ENERGIES_DB, _ENERGIES_DB)),
        pauses=rate**-share,
    )


def _ratio(semitones: float) -> float:
    return float(2 ** (semitones / 12))


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])
