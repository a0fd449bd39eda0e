"""Tasks as use cases see them."""

from __future__ import annotations

from sqlalchemy import Connection, Table

from kit.errors import Conflict, Invalid, NotFound, Precondition, Reason
from kit.events.envelope import EventSource
from kit.events.outbox import Outbox
from kit.tasks.backlog import Backlog
from kit.tasks.lanes import LaneOf, lane_of_kind
from kit.tasks.leases import LeaseBook
from kit.tasks.machine import Transition, is_terminal
from kit.tasks.model import Amendment, NewTask, Stage, Task, TaskState
from kit.tasks.pacing import first_wake
from kit.tasks.store import TaskStore
from kit.tasks.unfinished import UnfinishedTasks
from voxreel.common.v1 import error_reason_pb2 as reasons


class TaskRepository:
    """The task table inside one transaction. Events and wake-ups go out with the change or not at all."""

    def __init__(
        self,
        connection: Connection,
        table: Table,
        events: EventSource,
        outbox: Outbox,
        *,
        lane_of: LaneOf = lane_of_kind,
    ) -> None:
        self._store = TaskStore(connection, table, events, outbox, lane_of=lane_of)
        self.unfinished = UnfinishedTasks(connection, table)

    @property
    def leases(self) -> LeaseBook:
        """What workers do."""
        return LeaseBook(self._store)

    @property
    def backlog(self) -> Backlog:
        """What the sweeper does."""
        return Backlog(self._store)

    def find(self, task_id: str) -> Task | None:
        """The task, None when there is none."""
        return self._store.find(task_id)

    def get(self, task_id: str) -> Task:
        """The task. Raises NotFound (TASK_NOT_FOUND)."""
        task = self._store.find(task_id)
        if task is None:
            raise _not_found()
        return task

    def get_own(self, task_id: str, user_id: int) -> Task:
        """The user's task. Raises NotFound, also for another user's."""
        task = self.get(task_id)
        if task.user_id != user_id:
            raise _not_found()
        return task

    def find_by_request(self, user_id: int, request_id: str) -> Task | None:
        """The task a user's request has made, None when it has made none."""
        return self._store.find_by_request(user_id, request_id)

    def create(self, new: NewTask) -> Task:
        """Records a task as NEW. A repeated request gets the task it made before: compare the ids.

        Raises Invalid (IDEMPOTENCY_KEY_REUSED) when the user's request id belongs to another input.
        """
        self._store.add(new)
        task = self.find_by_request(new.user_id, new.request_id)
        if task is None:
            raise Conflict(reasons.ERROR_REASON_CONCURRENT_UPDATE, "任务编号冲突，请重试")
        if task.input_hash != new.input_hash:
            raise Invalid(reasons.ERROR_REASON_IDEMPOTENCY_KEY_REUSED, "该请求标识已用于内容不同的请求")
        return task

    def queue(self, task_id: str, *, hold_id: str, credits: int) -> Task:
        """Accepts a NEW task whose credits are held: writes its event and its wake-up.

        Repeating it with the same hold changes nothing. Raises NotFound, and Conflict (CONCURRENT_UPDATE) when
        the task was given up meanwhile.
        """
        now = self._store.now()
        task = self._store.move(
            Transition.QUEUE,
            self._store.columns.id == task_id,
            hold_id=hold_id,
            credits=credits,
            stage=Stage.QUEUED.value,
            enqueue_time=now,
            wake_time=first_wake(now),
        )
        if task is None:
            task = self.get(task_id)
            if task.hold_id != hold_id:
                raise _ended()
            return task
        self._store.tell_queued(task)
        self._store.wake(task)
        return task

    def fail(self, task_id: str, reason: Reason, message: str) -> Task:
        """Gives up a task that has not ended. `message` is Chinese and safe to show.

        Raises NotFound, and Conflict (CONCURRENT_UPDATE) when it has ended.
        """
        return self._require(self._store.fail(reason, message, self._store.columns.id == task_id), task_id)

    def cancel(self, task_id: str) -> Task:
        """Cancels a task that has not ended. Raises NotFound, and Conflict (CONCURRENT_UPDATE) when it has."""
        return self._require(self._cancel(task_id, Amendment()), task_id)

    def cancel_own(self, task_id: str, user_id: int, shown: Amendment) -> Task:
        """Cancels the user's task; one that was cancelled before is answered as it is.

        Raises NotFound, and Precondition (TASK_FINISHED) when it ended otherwise.
        """
        self.get_own(task_id, user_id)
        cancelled = self._cancel(task_id, shown)
        if cancelled is not None:
            return cancelled
        task = self.get_own(task_id, user_id)
        if task.state is not TaskState.CANCELLED:
            raise _finished()
        return task

    def amend_own(self, task_id: str, user_id: int, shown: Amendment) -> Task:
        """Changes what the user sees of their unfinished task. Raises NotFound, Precondition (TASK_FINISHED)."""
        self.get_own(task_id, user_id)
        task = self._store.amend(task_id, update_time=self._store.now(), **_changes(shown))
        if task is None:
            self.get_own(task_id, user_id)
            raise _finished()
        return task

    def delete_own(self, task_id: str, user_id: int) -> None:
        """Deletes the user's task, and cancels it first if it has not ended. Raises NotFound."""
        if not is_terminal(self.get_own(task_id, user_id).state):
            self._cancel(task_id, Amendment())
        if not self._store.delete(task_id):
            raise _not_found()

    def _cancel(self, task_id: str, shown: Amendment) -> Task | None:
        task = self._store.move(
            Transition.CANCEL,
            self._store.columns.id == task_id,
            **{"stage": Stage.CANCELLED.value, "finish_time": self._store.now(), **_changes(shown)},
        )
        return self._store.tell_end(task)

    def _require(self, task: Task | None, task_id: str) -> Task:
        if task is None:
            self.get(task_id)
            raise _ended()
        return task


def _changes(shown: Amendment) -> dict[str, int | str]:
    values = {"progress": shown.progress, "stage": shown.stage, "error_message": shown.error_message}
    return {name: value for name, value in values.items() if value is not None}


def _not_found() -> NotFound:
    return NotFound(reasons.ERROR_REASON_TASK_NOT_FOUND, "任务不存在")


def _finished() -> Precondition:
    return Precondition(reasons.ERROR_REASON_TASK_FINISHED, "任务已结束，不能修改")


def _ended() -> Conflict:
    return Conflict(reasons.ERROR_REASON_CONCURRENT_UPDATE, "任务已结束")
