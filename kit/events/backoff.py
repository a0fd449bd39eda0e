"""How long to wait before the next attempt."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

# 2 ** 32 of any base exceeds every sensible cap; larger powers only overflow.
_MAX_DOUBLINGS = 32


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubles from `first_s` up to `cap_s`. The upper half is random, so that many who failed together do not
    come back together."""

    first_s: float
    cap_s: float
    draw: Callable[[], float] = random.random

    def delay_s(self, attempt: int) -> float:
        """Seconds to wait after the given attempt, counted from 1."""
        full = min(self.cap_s, self.first_s * 2.0 ** min(max(attempt, 1) - 1, _MAX_DOUBLINGS))
        return full * (0.5 + 0.5 * self.draw())
