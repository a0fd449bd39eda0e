"""Tasks as the sweeper sees them: those that wait for somebody who will not come."""

from __future__ import annotations

from datetime import timedelta

from kit.tasks.leases import LeaseBook
from kit.tasks.model import TaskState
from kit.tasks.pacing import next_wake
from kit.tasks.store import TaskStore
from voxreel.common.v1 import error_reason_pb2 as reasons


class Backlog:
    """Each method treats a bounded number of rows and answers how many."""

    def __init__(self, store: TaskStore) -> None:
        self._store = store

    def fail_abandoned(self, *, older_than: timedelta, limit: int) -> int:
        """Fails NEW tasks whose caller died before it had the credits held (NOT_ACCEPTED)."""
        columns = self._store.columns
        abandoned = self._store.lock(
            columns.state == TaskState.NEW.value,
            columns.create_time < self._store.now() - older_than,
            limit=limit,
        )
        for task in abandoned:
            self._store.fail(
                reasons.ERROR_REASON_NOT_ACCEPTED,
                "任务未被受理，请重新提交",
                columns.id == task.id,
                columns.state == TaskState.NEW.value,
            )
        return len(abandoned)

    def take_back_expired(self, *, limit: int) -> int:
        """Puts tasks back whose lease is over, or fails them after their last attempt."""
        columns = self._store.columns
        expired = self._store.lock(
            columns.state == TaskState.RUNNING.value, columns.lease_until <= self._store.now(), limit=limit
        )
        leases = LeaseBook(self._store)
        for task in expired:
            leases.take_back(task.lease)
        return len(expired)

    def repeat_wakeups(self, *, limit: int) -> int:
        """Sends the wake-up again of QUEUED tasks that nobody has claimed for a while."""
        columns, now = self._store.columns, self._store.now()
        unanswered = self._store.lock(columns.state == TaskState.QUEUED.value, columns.wake_time <= now, limit=limit)
        for task in unanswered:
            is_queued = self._store.change(
                TaskState.QUEUED, columns.id == task.id, wake_time=next_wake(now, task.enqueue_time or now)
            )
            if is_queued is not None:
                self._store.wake(task)
        return len(unanswered)
