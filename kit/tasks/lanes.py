"""Queues in front of the workers: a task waits for those of its own lane, never for those of another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from kit.tasks.model import Task

LaneOf: TypeAlias = Callable[[Task], str]
"""Names the lane of a task, from what never changes of it. Letters, digits and `_`."""


def lane_of_kind(task: Task) -> str:
    """Each kind of task has a lane of its own."""
    return task.kind.lower()


@dataclass(frozen=True, slots=True)
class Lane:
    """`consumer` names the position in the stream of wake-ups that the workers of this lane share."""

    name: str
    consumer: str
