"""How a task is accepted: recorded, paid for, queued.

Three steps with a state between them. Whatever stops the second or third leaves a NEW task, which a repetition of
the request continues and the sweeper ends otherwise; either way its credits are settled by the task's end.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from kit.errors import (
    Conflict,
    DeadlineExceeded,
    DomainError,
    Internal,
    Invalid,
    RateLimited,
    Unavailable,
)
from kit.tasks.model import NewTask, Task, TaskState
from kit.tasks.units import TaskUnit, TaskUnits
from voxreel.common.v1 import error_reason_pb2 as reasons

_MAX_REQUEST_ID_CHARACTERS = 128
_QUEUE_RETRY_S = 10.0

# Billing may not have answered, or may have held the credits all the same: a repetition finds out.
_UNDECIDED = (Conflict, DeadlineExceeded, Internal, RateLimited, Unavailable)


@dataclass(frozen=True, slots=True)
class Hold:
    """Credits set aside for one task."""

    id: str
    credits: int


@dataclass(frozen=True, slots=True)
class Price:
    """Which feature a task is paid as, and what its user reads in the list of entries.

    `credits` None is the feature's price of now.
    """

    feature_key: str
    description: str
    credits: int | None = None


class CreditHolds(Protocol):
    """Sets credits aside. Taking or returning them follows from the task's events."""

    async def reserve(self, task_id: str, user_id: int, price: Price) -> Hold:
        """Holds the price; a repeat with the same task answers the same hold.

        Raises InsufficientCredits, and DomainError when billing refuses or cannot be asked.
        """
        ...


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """The most unfinished tasks of one user and of all users."""

    per_user: int
    in_all: int


class TaskAcceptance:
    """Accepts the tasks of one service."""

    def __init__(self, units: TaskUnits, holds: CreditHolds, limits: QueueLimits) -> None:
        self._units = units
        self._holds = holds
        self._limits = limits

    async def accept(self, new: NewTask, price: Price | None, *, check: Callable[[], object]) -> Task:
        """The queued task of this request, the same one however often it is repeated. None is free of charge.

        `check` raises what speaks against a new task; it is not asked about a request that was accepted before. A
        request that was refused may be repeated under its id as a new one. Raises what `check` raises, Invalid
        (FIELD_INVALID, IDEMPOTENCY_KEY_REUSED), InsufficientCredits, RateLimited (QUEUE_FULL), and what billing raises.
        """
        request_id = new.request_id
        if not (0 < len(request_id) <= _MAX_REQUEST_ID_CHARACTERS and request_id.isprintable()):
            raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "请求编号无效")
        task = await self._units.write(lambda unit: self._record(unit, new, check))
        if task.state is not TaskState.NEW:
            return task
        hold = Hold(id="", credits=0) if price is None else await self._hold(task, price)
        return await self._units.write(lambda unit: unit.tasks.queue(task.id, hold_id=hold.id, credits=hold.credits))

    def _record(self, unit: TaskUnit, new: NewTask, check: Callable[[], object]) -> Task:
        known = unit.tasks.find_by_request(new.user_id, new.request_id)
        if known is not None and not _was_refused(known):
            return unit.tasks.create(new)  # answers the known task, or refuses another input
        check()
        self._check_queue(unit, new.user_id)
        if known is not None:
            unit.tasks.unfinished.free_request_id(known.id)
        return unit.tasks.create(new)

    def _check_queue(self, unit: TaskUnit, user_id: int) -> None:
        unfinished = unit.tasks.unfinished
        if unfinished.size_of(user_id) >= self._limits.per_user:
            message = f"您有 {self._limits.per_user} 个任务尚未完成，请稍后再提交"
        elif unfinished.size() >= self._limits.in_all:
            message = "系统任务已满，请稍后再提交"
        else:
            return
        raise RateLimited(reasons.ERROR_REASON_QUEUE_FULL, message, retry_after_s=_QUEUE_RETRY_S)

    async def _hold(self, task: Task, price: Price) -> Hold:
        try:
            return await self._holds.reserve(task.id, task.user_id, price)
        except _UNDECIDED:
            raise
        except DomainError as error:
            reason, message = error.reason, error.message
            # Somebody repeating the request at the same time may have ended it for the same cause.
            with suppress(Conflict):
                await self._units.write(lambda unit: unit.tasks.fail(task.id, reason, message))
            raise


def _was_refused(task: Task) -> bool:
    """Whether the task ended before its credits were held, so that nothing came of its request."""
    return task.state is TaskState.FAILED and not task.hold_id
