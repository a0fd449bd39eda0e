"""One attempt at one task: the handler beside the heartbeat that keeps its lease."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from kit.clock import Clock
from kit.events.backoff import Backoff
from kit.events.bus import BusUnavailable, InboundMessage
from kit.events.waiting import wait_any
from kit.observability.tracing import Attributes, SpanKind, Tracer, enclosing
from kit.tasks.handlers import Again, Done, Later, Outcome, Refused, TaskHandler, outcome_of_error
from kit.tasks.measures import AttemptOutcome, TaskMeasures
from kit.tasks.model import Lease, Task, TaskState
from kit.tasks.notifier import TaskNotifier
from kit.tasks.traces import in_trace_of
from kit.tasks.units import TaskUnit, TaskUnits

# Heartbeats a lease outlives when some of them fail.
_BEATS_PER_LEASE = 3
_REPORT_PERIOD_S = 0.5
# How soon a task stops whose owner cancelled it at another process; in this one it is told at once.
_LOOK_PERIOD_S = 1.0
_RETRY = Backoff(first_s=2.0, cap_s=60.0)
_SAVE = Backoff(first_s=0.2, cap_s=5.0)
_SAVE_ATTEMPTS = 8

_log = structlog.get_logger(__name__)


class _LeaseLost(Exception):
    """The task has ended, or is another worker's now."""


@dataclass(frozen=True, slots=True)
class ExecutionContext:
    """What all attempts of a worker share."""

    units: TaskUnits
    clock: Clock
    notifier: TaskNotifier
    lease_s: float
    measures: TaskMeasures | None = None
    tracer: Tracer | None = None


class Execution:
    """Runs a claimed task to its end and answers the wake-up. `message` is None when there was none."""

    def __init__(
        self, context: ExecutionContext, task: Task, handler: TaskHandler, message: InboundMessage | None
    ) -> None:
        self._context = context
        self._task = task
        self._lease: Lease = task.lease
        self._handler = handler
        self._message = message
        self._lost = asyncio.Event()
        self._is_saving = False
        self._reported_at = float("-inf")
        self._reported_stage = ""
        self._outcome = AttemptOutcome.LOST

    async def run(self) -> None:
        """Ends when the task's row says how it went, or is somebody else's. When cancelled, puts the task back for
        another worker without counting the attempt."""
        with in_trace_of(self._task):
            await self._run_traced()

    async def _run_traced(self) -> None:
        tracer = self._context.tracer
        if tracer is None:
            await self._run()
            return
        kind = SpanKind.INTERNAL if self._message is None else SpanKind.CONSUMER
        attributes: Attributes = {
            "voxreel.task.id": self._task.id,
            "voxreel.task.attempt": self._task.attempt,
        }
        with enclosing(tracer, f"task {self._task.kind}", kind, attributes=attributes):
            await self._run()

    async def _run(self) -> None:
        measures, start = self._context.measures, time.monotonic()
        try:
            await self._work()
        except asyncio.CancelledError:
            self._outcome = AttemptOutcome.PUT_BACK
            await self._put_back()
            raise
        finally:
            self._context.notifier.changed(self._task.id)
            if measures is not None:
                measures.ended(self._task, self._outcome, time.monotonic() - start)

    async def _work(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                beat = group.create_task(self._beat())
                await self._save(await self._attempt())
                beat.cancel()
        except* _LeaseLost:
            _log.info("task_lease_lost", task_id=self._task.id, attempt=self._task.attempt)
            await answer(self._message)

    async def _attempt(self) -> Outcome:
        try:
            result = await self._handler(self._task, self._report)
        except _LeaseLost:
            raise
        except Exception as error:
            if self._context.measures is not None:
                self._context.measures.failed(self._task, error)
            return outcome_of_error(error)
        return result if isinstance(result, Done) else Done(result)

    async def _beat(self) -> None:
        """Keeps the lease and the message, and ends the attempt when somebody has ended the task. A beat that fails is
        made up for by the next."""
        now = asyncio.get_running_loop().time
        period_s = self._context.lease_s / _BEATS_PER_LEASE
        extend_at = now() + period_s
        with self._context.notifier.watch(self._task.id) as changed:
            while not self._lost.is_set():
                await changed.wait(min(_LOOK_PERIOD_S, max(extend_at - now(), 0.0)), self._lost)
                is_due = now() >= extend_at
                if is_due:
                    extend_at = now() + period_s
                # An outcome that is being saved finds out by itself, and ends the lease when it is saved.
                if not await self._is_held(self._extend if is_due else self._look) and not self._is_saving:
                    break
                if is_due:
                    await keep(self._message)
        raise _LeaseLost

    async def _is_held(self, ask: Callable[[], Awaitable[bool]]) -> bool:
        try:
            return await ask()
        except Exception as error:
            _log.warning("task_heartbeat_failed", task_id=self._task.id, error=type(error).__name__)
            return True

    async def _extend(self) -> bool:
        lease_s = self._context.lease_s
        return await self._context.units.write(lambda unit: unit.tasks.leases.extend(self._lease, lease_s=lease_s))

    async def _look(self) -> bool:
        return await self._context.units.read(lambda unit: unit.tasks.leases.is_held(self._lease))

    async def _report(self, percent: int, stage: str) -> None:
        now = self._context.clock.monotonic()
        if stage == self._reported_stage and now - self._reported_at < _REPORT_PERIOD_S:
            return
        self._reported_at, self._reported_stage = now, stage
        try:
            is_held = await self._context.units.write(
                lambda unit: unit.tasks.leases.report(self._lease, progress=percent, stage=stage)
            )
        except Exception as error:
            # Not worth the work done so far.
            _log.warning("task_progress_not_saved", task_id=self._task.id, error=type(error).__name__)
            return
        self._context.notifier.changed(self._task.id)
        if not is_held:
            # What follows a report must not happen for a task that nobody wants: its result would be stored.
            raise _LeaseLost

    async def _save(self, outcome: Outcome) -> None:
        """Writes the outcome. A database that is away for a moment must not cost a finished result."""
        self._is_saving = True
        for attempt in range(1, _SAVE_ATTEMPTS + 1):
            try:
                await self._save_once(outcome)
            except Exception as error:
                _log.warning("task_outcome_not_saved", task_id=self._task.id, error=type(error).__name__)
                await wait_any(self._lost, timeout_s=_SAVE.delay_s(attempt))
            else:
                return

    async def _save_once(self, outcome: Outcome) -> None:
        units, lease = self._context.units, self._lease
        if isinstance(outcome, Done):
            saved = await units.write(lambda unit: _succeed(unit, lease, outcome))
        elif isinstance(outcome, Refused):
            saved = await units.write(lambda unit: unit.tasks.leases.fail(lease, outcome.reason, outcome.message))
        elif isinstance(outcome, Later):
            await self._postpone(outcome)
            return
        else:
            await self._try_again(outcome)
            return
        if saved is None:
            self._lost.set()
            return
        self._outcome = AttemptOutcome.of(saved)
        _log.info("task_ended", task_id=self._task.id, kind=self._task.kind, state=saved.state)
        await answer(self._message)

    async def _try_again(self, outcome: Again) -> None:
        attempt = self._task.attempt
        delay_s = _RETRY.delay_s(attempt) if outcome.delay_s is None else outcome.delay_s
        _log.warning("task_attempt_failed", task_id=self._task.id, attempt=attempt, cause=outcome.cause)
        saved = await self._context.units.write(lambda unit: unit.tasks.leases.retry(self._lease, delay_s=delay_s))
        self._outcome = AttemptOutcome.of(saved)
        if saved is not None and saved.state is TaskState.QUEUED:
            await hand_back(self._message, delay_s)
        else:
            await answer(self._message)

    async def _postpone(self, outcome: Later) -> None:
        """The wake-up is done with: one that were handed back would meet the backlog's, and neither would ever end."""
        lease, delay_s = self._lease, outcome.delay_s
        self._outcome = AttemptOutcome.POSTPONED
        await self._context.units.write(lambda unit: unit.tasks.leases.postpone(lease, delay_s=delay_s))
        await answer(self._message)

    async def _put_back(self) -> None:
        try:
            await self._context.units.write(lambda unit: unit.tasks.leases.release(self._lease))
            await answer(self._message)
        except Exception as error:
            # The lease runs out by itself.
            _log.warning("task_not_released", task_id=self._task.id, error=type(error).__name__)


def _succeed(unit: TaskUnit, lease: Lease, done: Done) -> Task | None:
    saved = unit.tasks.leases.succeed(lease, done.output)
    if saved is not None and done.publish is not None:
        done.publish(unit)
    return saved


async def answer(message: InboundMessage | None) -> None:
    """Acknowledges a wake-up. If the broker cannot be told it comes again and finds nothing to do."""
    if message is not None:
        with suppress(BusUnavailable):
            await message.ack()


async def hand_back(message: InboundMessage | None, delay_s: float) -> None:
    """Lets a wake-up come again later. If the broker cannot be told it comes again by itself."""
    if message is not None:
        with suppress(BusUnavailable):
            await message.nak(delay_s)


async def keep(message: InboundMessage | None) -> None:
    """Tells the broker that the wake-up is still being worked on."""
    if message is not None:
        with suppress(BusUnavailable):
            await message.in_progress()
