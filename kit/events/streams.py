"""Names and kinds of the streams, and which subject belongs to which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_DAY_S = 86_400.0
# Longer than a relay lease plus the longest back-off, so that a message sent twice is stored once.
DUPLICATE_WINDOW_S = 300.0


class Retention(StrEnum):
    """When a stream forgets a message: at its age limit, or once a worker acknowledged it."""

    LIMITS = "limits"
    WORK_QUEUE = "workqueue"


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """A stream as its owner wants it."""

    name: str
    subjects: tuple[str, ...]
    retention: Retention
    max_age_s: float
    duplicate_window_s: float = DUPLICATE_WINDOW_S


EVENTS = StreamSpec("EVENTS", ("evt.>", "retry.>"), Retention.LIMITS, max_age_s=7 * _DAY_S)
DEAD_LETTERS = StreamSpec("DLQ", ("dlq.>",), Retention.LIMITS, max_age_s=30 * _DAY_S)


def work_stream(service: str) -> StreamSpec:
    """The queue of wake-ups for the workers of one service."""
    return StreamSpec(_work_stream_name(service), (f"work.{service}.>",), Retention.WORK_QUEUE, max_age_s=7 * _DAY_S)


def work_subject(service: str, lane: str) -> str:
    """Subject of the wake-ups for one lane of tasks."""
    return f"work.{service}.{lane}"


def task_subject(service: str, verb: str) -> str:
    """Subject of the events about a service's tasks; the verb is in the past tense."""
    return f"evt.{service}.task.{verb}"


def task_hint_subject(service: str) -> str:
    """Subject on which a service says which of its tasks have changed. No stream keeps it: whoever does not listen at
    that moment finds out by asking."""
    return f"live.{service}.task"


def dead_letter_subject(durable: str) -> str:
    """Subject of what a consumer gave up, from its durable name `<service>--<purpose>`."""
    return "dlq." + durable.replace("--", ".")


def retry_subject(durable: str) -> str:
    """Subject on which a consumer alone gets an event again that it had given up."""
    return "retry." + durable.replace("--", ".")


def durable_of(dead_letter_subject: str) -> str:
    """The consumer that gave up, from the subject."""
    return dead_letter_subject.removeprefix("dlq.").replace(".", "--")


def stream_of(subject: str) -> str:
    """Name of the stream that stores a subject. Raises ValueError for a subject outside of the scheme."""
    root, _, rest = subject.partition(".")
    if root in ("evt", "retry") and rest:
        return EVENTS.name
    if root == "dlq" and rest:
        return DEAD_LETTERS.name
    if root == "work" and rest:
        return _work_stream_name(rest.partition(".")[0])
    raise ValueError(f"subject {subject!r} belongs to no stream")


def _work_stream_name(service: str) -> str:
    return f"WORK_{service.upper()}"
