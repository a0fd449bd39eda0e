"""What a client is told of a task: its latest state whenever that differs from what was told before.

States are not queued. A client that reads slowly finds the newest one when it comes back, and one that comes back after
a loss needs only say what it saw last.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from edge.aggregates.tasks import TERMINAL
from edge.progress.feed import HEARTBEAT_S, Following
from kit.clock import Clock
from kit.errors import DeadlineExceeded, Unavailable
from voxreel.task.v1 import task_pb2

Look: TypeAlias = Callable[[], Awaitable[task_pb2.Task]]
"""The task as it is now. Raises DomainError."""


class ChangeKind(StrEnum):
    """What has changed, if several things have the first of these. The value is the name of the event."""

    STATE = "state"
    STAGE = "stage"
    PROGRESS = "progress"


@dataclass(frozen=True, slots=True)
class TaskChange:
    """A task that is not as it was. `version` tells this state of it from all others, at every replica."""

    kind: ChangeKind
    version: str
    task: task_pb2.Task


def version_of(task: task_pb2.Task) -> str:
    """Names the state a task is in."""
    return f"{task.update_time.ToMicroseconds()}-{task.state}-{task.progress}"


async def changes_of(
    task: task_pb2.Task, following: Following, look: Look, *, seen: str, clock: Clock
) -> AsyncGenerator[TaskChange | None, None]:
    """The task's changes, beginning with how it is unless that was `seen`, until it has ended or the stream must.

    None when there has been nothing to tell for 15 seconds. Raises what `look` raises, but for a service that does not
    answer now.
    """
    former: task_pb2.Task | None = None
    is_failing = False
    told_at = clock.monotonic()
    while True:
        version, now = version_of(task), clock.monotonic()
        if version != seen:
            yield TaskChange(_kind(former, task), version, task)
            seen, told_at = version, now
        elif now - told_at >= HEARTBEAT_S:
            yield None
            told_at = now
        if task.state in TERMINAL or following.is_over:
            return
        former = task
        await following.wait(told_at + HEARTBEAT_S - clock.monotonic(), is_failing=is_failing)
        try:
            task, is_failing = await look(), False
        except (Unavailable, DeadlineExceeded):
            is_failing = True


def _kind(former: task_pb2.Task | None, task: task_pb2.Task) -> ChangeKind:
    if former is None or former.state != task.state:
        return ChangeKind.STATE
    return ChangeKind.PROGRESS if former.stage == task.stage else ChangeKind.STAGE
