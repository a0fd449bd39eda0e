"""When a wake-up is repeated. The message may have been lost with the broker's storage; the row has not."""

from __future__ import annotations

from datetime import datetime, timedelta

WAKE_FIRST = timedelta(seconds=15)
WAKE_CAP = timedelta(minutes=10)


def first_wake(now: datetime) -> datetime:
    """When to repeat the wake-up of a task that has just entered the queue."""
    return now + WAKE_FIRST


def next_wake(now: datetime, enqueue_time: datetime) -> datetime:
    """When to repeat it after that: the pause is as long as the task has waited, so that each repetition comes
    twice as late as the last and a long queue is not flooded."""
    return now + min(max(now - enqueue_time, WAKE_FIRST), WAKE_CAP)
