"""Tasks that are done while somebody waits for them: in the process of the call, ahead of the queue.

The task is claimed, kept and ended exactly as a worker does it, so whatever happens to this process, its row tells the
truth and a worker takes it over. A worker that has claimed it first does it instead.
"""

from __future__ import annotations

from contextlib import suppress

from kit.clock import Clock
from kit.errors import Conflict, NotFound, Precondition, Reason
from kit.observability.tracing import Tracer
from kit.tasks.execution import Execution, ExecutionContext
from kit.tasks.handlers import TaskHandler
from kit.tasks.machine import is_terminal
from kit.tasks.measures import TaskMeasures
from kit.tasks.model import Amendment, Task
from kit.tasks.notifier import TaskNotifier
from kit.tasks.units import TaskUnits
from kit.tasks.worker import LEASE_S

# How soon the end of a task is noticed that another process does.
_LOOK_PERIOD_S = 1.0


class AttendedTasks:
    """Does tasks for callers that wait. `owner` names this start of the process, as that of a worker does."""

    def __init__(
        self,
        units: TaskUnits,
        notifier: TaskNotifier,
        *,
        owner: str,
        clock: Clock,
        lease_s: float = LEASE_S,
        measures: TaskMeasures | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._units = units
        self._notifier = notifier
        self._owner = owner
        self._lease_s = lease_s
        self._context = ExecutionContext(units, clock, notifier, lease_s, measures, tracer)

    async def claim(self, task_id: str) -> Task | None:
        """Takes a QUEUED task. None when a worker was faster or it has ended."""
        task = await self._units.write(
            lambda unit: unit.tasks.leases.claim(task_id, self._owner, lease_s=self._lease_s)
        )
        if task is not None:
            self._notifier.changed(task_id)
        return task

    async def run(self, task: Task, handler: TaskHandler) -> None:
        """One attempt at a claimed task. A task that needs another one is in the queue again afterwards."""
        await Execution(self._context, task, handler, None).run()

    async def give_up(self, task: Task, reason: Reason, message: str) -> None:
        """Fails the task unless it has ended. `message` is Chinese and safe to show."""
        with suppress(Conflict, NotFound):
            await self._units.write(lambda unit: unit.tasks.fail(task.id, reason, message))
        self._notifier.changed(task.id)

    async def abandon(self, task: Task, message: str) -> None:
        """Cancels the task unless it has ended: whoever runs it stops. `message` is what its owner reads."""
        shown = Amendment(error_message=message)
        with suppress(Precondition, NotFound):
            await self._units.write(lambda unit: unit.tasks.cancel_own(task.id, task.user_id, shown))
        self._notifier.changed(task.id)

    async def end_of(self, task_id: str) -> Task:
        """The task when it has ended, whoever does it. Raises NotFound when it is deleted."""
        with self._notifier.watch(task_id) as changed:
            while True:
                task = await self._units.read(lambda unit: unit.tasks.get(task_id))
                if is_terminal(task.state):
                    return task
                await changed.wait(_LOOK_PERIOD_S)
