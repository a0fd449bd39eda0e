"""Pauses between attempts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kit.events.backoff import Backoff


@given(attempt=st.integers(-5, 10_000), draw=st.floats(0, 1, exclude_max=True))
def test_a_pause_lies_in_the_upper_half_of_its_step_and_below_the_cap(attempt: int, draw: float) -> None:
    pause = Backoff(first_s=0.5, cap_s=30.0, draw=lambda: draw).delay_s(attempt)
    full = min(30.0, 0.5 * 2.0 ** min(max(attempt, 1) - 1, 20))
    assert full / 2 <= pause <= full


def test_pauses_double() -> None:
    backoff = Backoff(first_s=1.0, cap_s=100.0, draw=lambda: 1.0)
    assert [backoff.delay_s(attempt) for attempt in (1, 2, 3, 4)] == [1, 2, 4, 8]
