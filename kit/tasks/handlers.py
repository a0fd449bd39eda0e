"""What a service writes to have its tasks done, and what can come of an attempt."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from kit.errors import DomainError, Reason
from kit.tasks.model import JsonObject, Task
from voxreel.common.v1 import error_reason_pb2 as reasons

# What the platform's own parts answer while they restart or are busy. An engine's refusal is not among them.
_TRANSIENT = frozenset(
    {
        reasons.ERROR_REASON_SERVICE_UNAVAILABLE,
        reasons.ERROR_REASON_DEADLINE_EXCEEDED,
        reasons.ERROR_REASON_CONCURRENT_UPDATE,
        reasons.ERROR_REASON_TOO_MANY_REQUESTS,
        reasons.ERROR_REASON_QUEUE_FULL,
        reasons.ERROR_REASON_STORAGE_FULL,
    }
)


class RetryableError(Exception):
    """The attempt failed, another may not. `cause` goes to the log. Without `delay_s` the pause grows by itself."""

    def __init__(self, cause: str, *, delay_s: float | None = None) -> None:
        super().__init__(cause)
        self.delay_s = delay_s


class NotYet(Exception):
    """It is not this task's turn: nothing was tried, and nothing counts. It is looked at again after `delay_s`."""

    def __init__(self, delay_s: float) -> None:
        super().__init__(delay_s)
        self.delay_s = delay_s


class Progress(Protocol):
    """Reports how far a task is."""

    async def __call__(self, percent: int, stage: str) -> None:
        """Percent of the whole, and the name of the step. May be called as often as is convenient."""
        ...


@dataclass(frozen=True, slots=True)
class Done:
    """The handler has an output. `publish` is given the unit of work in which the task succeeds: what it writes is
    there if the task has succeeded and not if somebody cancelled it first."""

    output: JsonObject
    publish: Callable[[Any], None] | None = None


TaskHandler: TypeAlias = Callable[[Task, Progress], Awaitable[JsonObject | Done]]
"""Does a task and answers its output. It may run again after a crash, so its effects must bear repetition.

Raises DomainError when the task cannot be done (its reason and message are shown), RetryableError when another
attempt may help, NotYet when others come first. A peer that is unavailable, too busy or too slow counts as retryable,
and so does a bug.
"""


@dataclass(frozen=True, slots=True)
class Refused:
    """The task cannot be done."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Again:
    """Another attempt may help. `delay_s` None leaves the pause to the worker."""

    cause: str
    delay_s: float | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """It is not the task's turn."""

    delay_s: float


Outcome: TypeAlias = Done | Refused | Again | Later


def outcome_of_error(error: Exception) -> Outcome:
    """What an exception of a handler means."""
    if isinstance(error, RetryableError):
        return Again(str(error), error.delay_s)
    if isinstance(error, NotYet):
        return Later(error.delay_s)
    if not isinstance(error, DomainError):
        return Again(type(error).__name__)
    if error.reason in _TRANSIENT:
        return Again(error.reason_name, error.retry_after_s)
    if error.reason == reasons.ERROR_REASON_INTERNAL:
        return Again(error.reason_name)
    return Refused(error.reason, error.message)
