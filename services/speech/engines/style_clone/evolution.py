"""Search without gradients: the evolution strategy with covariance adaptation, restricted to the diagonal.

After Ros and Hansen, "A Simple Modification in CMA-ES Achieving Linear Time and Space Complexity" (2008). An
evaluation takes a second here, so a few hundred are all there is: a diagonal learns within that, a full matrix does
not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Found:
    """The best point that was seen, its value, and how many points were."""

    point: Vector
    value: float
    evaluations: int


@dataclass(frozen=True, slots=True)
class SearchBudget:
    """`evaluations`: the most there may be, starts included. `is_over` is asked before each of them."""

    evaluations: int
    is_over: Callable[[], bool] = field(default=lambda: False)


def maximize(
    objective: Callable[[Vector], float], starts: Sequence[Vector], *, step: float, budget: SearchBudget, seed: int
) -> Found:
    """The point of the greatest value around the best of `starts`; never worse than it.

    All of them are tried if the budget allows it, the first in any case. `step` is the spread of the first generation
    in every coordinate. The same seed and objective find the same.
    """
    best = Found(starts[0], objective(starts[0]), 1)
    for point in starts[1:]:
        if best.evaluations >= budget.evaluations or budget.is_over():
            return best
        best = _better(best, point, objective(point))
    search = _Strategy(best.point, step, np.random.default_rng(seed))
    while True:
        tried: list[tuple[float, Vector]] = []
        for offset in search.draw():
            if best.evaluations >= budget.evaluations or budget.is_over():
                return best
            point = search.point(offset)
            value = objective(point)
            tried.append((value, offset))
            best = _better(best, point, value)
        tried.sort(key=lambda pair: pair[0], reverse=True)
        search.learn([offset for _, offset in tried])


def _better(best: Found, point: Vector, value: float) -> Found:
    is_better = value > best.value
    return Found(point if is_better else best.point, max(value, best.value), best.evaluations + 1)


class _Strategy:
    """The distribution points are drawn from. Names in comments are those of the literature."""

    def __init__(self, start: Vector, step: float, random: np.random.Generator) -> None:
        size = len(start)
        self._random = random
        self._mean = start.astype(np.float64)
        self._step = step  # sigma
        self._variances = np.ones(size)  # the diagonal of C
        self._step_path = np.zeros(size)  # p_sigma
        self._path = np.zeros(size)  # p_c
        self._number = 4 + math.floor(3 * math.log(size))  # lambda
        parents = self._number // 2
        weights = math.log(parents + 0.5) - np.log(np.arange(1, parents + 1))
        self._weights = weights / weights.sum()
        mass = 1.0 / float(np.square(self._weights).sum())  # mu_eff
        self._mass = mass
        self._step_rate = (mass + 2) / (size + mass + 5)  # c_sigma
        self._damping = 1 + 2 * max(0.0, math.sqrt((mass - 1) / (size + 1)) - 1) + self._step_rate
        self._path_rate = (4 + mass / size) / (size + 4 + 2 * mass / size)  # c_c
        # A diagonal has few numbers to learn and may learn them faster.
        haste = (size + 2) / 3
        self._rank_one = min(0.5, haste * 2 / ((size + 1.3) ** 2 + mass))  # c_1
        rank_many = haste * 2 * (mass - 2 + 1 / mass) / ((size + 2) ** 2 + mass)  # c_mu
        self._rank_many = min(1 - self._rank_one, max(0.0, rank_many))
        self._expected = math.sqrt(size) * (1 - 1 / (4 * size) + 1 / (21 * size * size))

    def draw(self) -> list[Vector]:
        """One generation, as offsets from the mean in units of the step."""
        deviations = np.sqrt(self._variances)
        return [deviations * self._random.standard_normal(len(self._mean)) for _ in range(self._number)]

    def point(self, offset: Vector) -> Vector:
        return np.asarray(self._mean + self._step * offset)

    def learn(self, ranked: list[Vector]) -> None:
        """Moves towards the best of a generation, which is given from the best to the worst."""
        chosen = np.stack(ranked[: len(self._weights)])
        move = self._weights @ chosen
        self._mean = self._mean + self._step * move
        rate = self._step_rate
        whitened = move / np.sqrt(self._variances)
        self._step_path = (1 - rate) * self._step_path + math.sqrt(rate * (2 - rate) * self._mass) * whitened
        rate = self._path_rate
        self._path = (1 - rate) * self._path + math.sqrt(rate * (2 - rate) * self._mass) * move
        self._variances = (
            (1 - self._rank_one - self._rank_many) * self._variances
            + self._rank_one * np.square(self._path)
            + self._rank_many * (self._weights @ np.square(chosen))
        )
        length = float(np.linalg.norm(self._step_path))
        self._step *= math.exp(self._step_rate / self._damping * (length / self._expected - 1))
