"""The emotion vector beside an independent reference of the rule."""

from __future__ import annotations

import math
import random
from decimal import ROUND_DOWN, Decimal

import numpy as np
import pytest

from services.speech.emotion.vector import effective, is_emotion_vector

_BIAS = np.array([0.9375, 0.875, 1.0, 1.0, 0.9375, 0.9375, 0.6875, 0.5625])


def _reference(vector: np.ndarray, weight: float) -> list[float]:
    """Bias, then a sum of at most 0.8, then the weight, and digits beyond the fourth cut off."""
    values = vector * _BIAS
    if values.sum() > 0.8:
        values *= 0.8 / values.sum()
    weight = float(np.clip(weight, 0.0, 1.0))
    if weight == 1.0:
        return values.tolist()
    return [float(Decimal(value * weight).quantize(Decimal("0.0001"), rounding=ROUND_DOWN)) for value in values]


def _seeded(seed: int) -> tuple[tuple[float, ...], float]:
    """Dense, sparse, tiny and extreme vectors, and weights of the whole range with its corners."""
    numbers = random.Random(seed)
    share = numbers.choice([0.15, 0.4, 1.0])
    scale = numbers.choice([0.01, 0.3, 1.0])
    vector = tuple(numbers.random() * scale if numbers.random() < share else 0.0 for _ in range(8))
    if seed % 20 == 0:
        vector = tuple(float(round(value)) for value in vector)
    return vector, numbers.choice([0.0, 1.0, 1.6, numbers.uniform(0, 1.6), round(numbers.random(), 1)])


@pytest.mark.parametrize("seed", range(200))
def test_it_agrees_with_the_reference(seed: int) -> None:
    vector, weight = _seeded(seed)
    found = effective(vector, weight)
    assert found == pytest.approx(_reference(np.array(vector), weight), abs=1e-12)
    assert sum(found) <= 0.8 + 1e-12


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0, 1.6])
def test_all_zeros_stay_zeros(weight: float) -> None:
    assert effective((0.0,) * 8, weight) == (0.0,) * 8


def test_a_weight_above_one_has_the_effect_of_one() -> None:
    vector = (0.123456, 0.3, 0, 0, 0, 0, 0, 0.2)
    assert effective(vector, 1.6) == effective(vector, 1.0)


def test_digits_are_cut_not_rounded() -> None:
    assert effective((0, 0, 0.33339, 0, 0, 0, 0, 0), 0.5)[2] == 0.1666


@pytest.mark.parametrize(
    "values",
    [
        (0.1,) * 7,
        (0.1,) * 9,
        (),
        (math.nan, *(0.1,) * 7),
        (math.inf, *(0.1,) * 7),
        (-0.0001, *(0.1,) * 7),
        (1.0001, *(0.1,) * 7),
    ],
)
def test_what_is_no_vector(values: tuple[float, ...]) -> None:
    assert not is_emotion_vector(values)


def test_what_is_one() -> None:
    assert is_emotion_vector((0.0, 1.0, *(0.5,) * 6))
