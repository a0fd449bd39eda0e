"""The emotion vector with the meaning IndexTTS2 gives it.

Its rule, in this order: each value is multiplied by a bias of its emotion; a sum above 0.8 is scaled down to 0.8; a
weight below 1 multiplies the values, which are then cut, not rounded, to four decimals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, TypeAlias


class Emotion(StrEnum):
    """In the order of the vector."""

    HAPPY = "happy"
    ANGRY = "angry"
    SAD = "sad"
    AFRAID = "afraid"
    DISGUSTED = "disgusted"
    MELANCHOLIC = "melancholic"
    SURPRISED = "surprised"
    CALM = "calm"


EmotionVector: TypeAlias = tuple[float, ...]
"""Strengths of the eight emotions, each 0..1."""

MAX_WEIGHT: Final = 1.6
"""The most a client may give; what is above 1 has the effect of 1."""

_BIASES = (0.9375, 0.875, 1.0, 1.0, 0.9375, 0.9375, 0.6875, 0.5625)
_LARGEST_SUM = 0.8
_STEPS = 10_000


def is_emotion_vector(values: Sequence[float]) -> bool:
    """Whether these are eight finite numbers within 0..1."""
    return len(values) == len(Emotion) and all(0.0 <= value <= 1.0 for value in values)


def saturated(weight: float) -> float:
    """The weight that takes effect: nothing goes beyond 1."""
    return min(max(weight, 0.0), 1.0)


def effective(vector: EmotionVector, weight: float) -> EmotionVector:
    """What a vector comes to under the rule; all zeros stay zeros. `vector` is valid, `weight` finite."""
    biased = [value * bias for value, bias in zip(vector, _BIASES, strict=True)]
    total = sum(biased)
    if total > _LARGEST_SUM:
        biased = [value * (_LARGEST_SUM / total) for value in biased]
    share = saturated(weight)
    if share == 1.0:
        return tuple(biased)
    return tuple(math.floor(value * share * _STEPS) / _STEPS for value in biased)
