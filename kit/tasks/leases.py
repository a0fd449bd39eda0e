"""Tasks as workers see them: taken under a lease, finished only while the lease is still theirs."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement

from kit.errors import Reason
from kit.tasks.machine import Transition
from kit.tasks.model import JsonObject, Lease, Stage, Task, TaskState
from kit.tasks.pacing import first_wake
from kit.tasks.rows import json_text
from kit.tasks.store import TaskStore
from voxreel.common.v1 import error_reason_pb2 as reasons

MAX_ATTEMPTS = 5
_LOOKED_THROUGH = 200


class LeaseBook:
    """Compare-and-set on owner and attempt. Whoever lost a lease gets None or False and must drop the work."""

    def __init__(self, store: TaskStore) -> None:
        self._store = store

    def claim(self, task_id: str, owner: str, *, lease_s: float) -> Task | None:
        """Takes a QUEUED task. None when another was faster or it has ended."""
        now = self._store.now()
        return self._store.move(
            Transition.CLAIM,
            self._store.columns.id == task_id,
            lease_owner=owner,
            lease_until=now + timedelta(seconds=lease_s),
            attempt=self._store.columns.attempt + 1,
            stage=Stage.RUNNING.value,
            progress=0,
            start_time=now,
        )

    def extend(self, lease: Lease, *, lease_s: float) -> bool:
        """Prolongs the lease from now."""
        until = self._store.now() + timedelta(seconds=lease_s)
        return self._store.change(TaskState.RUNNING, *self._held(lease), lease_until=until) is not None

    def is_held(self, lease: Lease) -> bool:
        """Whether the lease is still good. A read."""
        task = self._store.find(lease.task_id)
        return task is not None and task.state is TaskState.RUNNING and task.lease == lease

    def report(self, lease: Lease, *, progress: int, stage: str) -> bool:
        """Records how far the task is, in percent, and the name of its step."""
        changed = self._store.change(
            TaskState.RUNNING,
            *self._held(lease),
            progress=min(max(progress, 0), 100),
            stage=stage,
            update_time=self._store.now(),
        )
        return changed is not None

    def succeed(self, lease: Lease, output: JsonObject) -> Task | None:
        """Ends the task with its output."""
        task = self._store.move(
            Transition.SUCCEED,
            *self._held(lease),
            output=json_text(output),
            progress=100,
            stage=Stage.COMPLETED.value,
            error_message="",
            lease_until=None,
            finish_time=self._store.now(),
        )
        return self._store.tell_end(task)

    def fail(self, lease: Lease, reason: Reason, message: str) -> Task | None:
        """Ends the task for good. `message` is Chinese and safe to show."""
        return self._store.fail(reason, message, *self._held(lease))

    def retry(self, lease: Lease, *, delay_s: float) -> Task | None:
        """Puts the task back for another attempt, or fails it after the last (ATTEMPTS_EXHAUSTED).

        Sends no wake-up: the one in hand is handed back with the same delay, and the backlog repeats a lost one.
        """
        if lease.attempt >= MAX_ATTEMPTS:
            return self.fail(lease, reasons.ERROR_REASON_ATTEMPTS_EXHAUSTED, "任务多次尝试后仍未完成")
        return self._put_back(lease, wake_time=self._store.now() + timedelta(seconds=delay_s))

    def postpone(self, lease: Lease, *, delay_s: float) -> Task | None:
        """Puts the task back because it is not its turn; the attempt does not count. The backlog wakes it."""
        wake_time = self._store.now() + timedelta(seconds=delay_s)
        return self._put_back(lease, wake_time=wake_time, attempt=lease.attempt - 1)

    def release(self, lease: Lease) -> Task | None:
        """Puts the task back because its worker stops; the attempt does not count."""
        return self._put_back_now(lease, attempt=lease.attempt - 1)

    def take_back(self, lease: Lease) -> Task | None:
        """Puts the task back because its worker is dead, or fails it after the last attempt."""
        if lease.attempt >= MAX_ATTEMPTS:
            return self.retry(lease, delay_s=0)
        return self._put_back_now(lease, attempt=lease.attempt)

    def running_under(self, owner_prefix: str, *, but: str) -> list[Lease]:
        """Leases of owners that begin with the prefix, except those of one owner."""
        columns = self._store.columns
        tasks = self._store.select(
            columns.state == TaskState.RUNNING.value,
            columns.lease_owner.startswith(owner_prefix, autoescape=True),
            columns.lease_owner != but,
        )
        return [task.lease for task in tasks]

    def queued_ids(self, *, limit: int, lane: str | None = None) -> list[str]:
        """Ids of tasks to be claimed, the longest waiting first. Those of one lane are looked for among the oldest of
        all lanes, so that there may be some when none are found."""
        if lane is None:
            return [task.id for task in self._store.by_age(TaskState.QUEUED, limit=limit)]
        oldest = self._store.by_age(TaskState.QUEUED, limit=_LOOKED_THROUGH)
        return [task.id for task in oldest if self._store.lane_of(task) == lane][:limit]

    def _put_back_now(self, lease: Lease, *, attempt: int) -> Task | None:
        task = self._put_back(lease, wake_time=first_wake(self._store.now()), attempt=attempt)
        if task is not None:
            self._store.wake(task)
        return task

    def _put_back(self, lease: Lease, *, wake_time: datetime, attempt: int | None = None) -> Task | None:
        return self._store.move(
            Transition.REQUEUE,
            *self._held(lease),
            attempt=lease.attempt if attempt is None else attempt,
            lease_owner="",
            lease_until=None,
            stage=Stage.QUEUED.value,
            progress=0,
            enqueue_time=self._store.now(),
            wake_time=wake_time,
        )

    def _held(self, lease: Lease) -> tuple[ColumnElement[bool], ...]:
        columns = self._store.columns
        return (
            columns.id == lease.task_id,
            columns.lease_owner == lease.owner,
            columns.attempt == lease.attempt,
        )
