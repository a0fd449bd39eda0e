"""What is measured of attempts at tasks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kit.errors import DomainError
from kit.observability.instruments import Counter, Histogram
from kit.tasks.handlers import RetryableError
from kit.tasks.model import Task, TaskState
from voxreel.common.v1 import error_reason_pb2 as reasons


class AttemptOutcome(StrEnum):
    """What came of an attempt."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RETRIED = "retried"
    POSTPONED = "postponed"
    PUT_BACK = "put_back"
    LOST = "lost"

    @classmethod
    def of(cls, saved: Task | None) -> AttemptOutcome:
        """From the row that the attempt left; None when it was not its own any more."""
        if saved is None:
            return cls.LOST
        found = {TaskState.SUCCEEDED: cls.SUCCEEDED, TaskState.FAILED: cls.FAILED, TaskState.QUEUED: cls.RETRIED}
        return found.get(saved.state, cls.LOST)


@dataclass(frozen=True, slots=True)
class TaskMeasures:
    """What those who do tasks tell."""

    wait: Histogram
    run: Histogram
    attempts: Counter
    engine_failures: Counter

    def ended(self, task: Task, outcome: AttemptOutcome, seconds: float) -> None:
        """Notes how an attempt ended, and after what time. One whose turn it was not has only been looked at."""
        self.attempts.add(task.kind, outcome)
        if outcome is AttemptOutcome.POSTPONED:
            return
        self.run.observe(seconds, task.kind)
        if task.attempt == 1 and task.enqueue_time is not None and task.start_time is not None:
            self.wait.observe((task.start_time - task.enqueue_time).total_seconds(), task.kind)

    def failed(self, task: Task, error: Exception) -> None:
        """Notes an error of an attempt, if it is an engine's."""
        if isinstance(error, RetryableError):
            self.engine_failures.add(task.kind, "broke")
        elif isinstance(error, DomainError) and error.reason == reasons.ERROR_REASON_ENGINE_UNAVAILABLE:
            self.engine_failures.add(task.kind, "gave_up")
