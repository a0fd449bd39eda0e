"""How often a lost wake-up is repeated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kit.tasks.pacing import WAKE_CAP, WAKE_FIRST, first_wake, next_wake

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_pauses_double_up_to_the_cap() -> None:
    wake = first_wake(START)
    pauses = [wake - START]
    for _ in range(7):
        following = next_wake(wake, START)
        pauses.append(following - wake)
        wake = following
    assert pauses[0] == WAKE_FIRST
    assert [pause.total_seconds() for pause in pauses] == [15, 15, 30, 60, 120, 240, 480, 600]
    assert pauses[-1] == WAKE_CAP


def test_a_clock_that_went_back_does_not_flood_the_queue() -> None:
    assert next_wake(START, START + timedelta(hours=1)) == START + WAKE_FIRST
