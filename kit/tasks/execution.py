"""One attempt at one task: the handler beside the heartbeat that keeps its lease."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import structlog

from kit.clock import Clock
from kit.events.backoff import Backoff
from kit.events.bus import BusUnavailable, InboundMessage
from kit.events.waiting import wait_any
from kit.tasks.handlers import Again, Done, Outcome, Refused, TaskHandler, outcome_of_error
from kit.tasks.model import Lease, Task, TaskState
from kit.tasks.notifier import TaskNotifier
from kit.tasks.units import TaskUnits

# Heartbeats a lease outlives when some of them fail.
_BEATS_PER_LEASE = 3
_REPORT_PERIOD_S = 0.5
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
        self._reported_at = float("-inf")
        self._reported_stage = ""

    async def run(self) -> None:
        """Ends when the task's row says how it went, or is somebody else's. When cancelled, puts the task back for
        another worker without counting the attempt."""
        try:
            await self._work()
        except asyncio.CancelledError:
            await self._put_back()
            raise
        finally:
            self._context.notifier.changed(self._task.id)

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
            return Done(await self._handler(self._task, self._report))
        except Exception as error:
            return outcome_of_error(error)

    async def _beat(self) -> None:
        """Keeps the lease and the message. A beat that fails is made up for by the next."""
        while not await wait_any(self._lost, timeout_s=self._context.lease_s / _BEATS_PER_LEASE):
            try:
                is_held = await self._context.units.write(
                    lambda unit: unit.tasks.leases.extend(self._lease, lease_s=self._context.lease_s)
                )
            except Exception as error:
                _log.warning("task_heartbeat_failed", task_id=self._task.id, error=type(error).__name__)
                continue
            if not is_held:
                break
            await keep(self._message)
        raise _LeaseLost

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
        if not is_held:
            self._lost.set()
        self._context.notifier.changed(self._task.id)

    async def _save(self, outcome: Outcome) -> None:
        """Writes the outcome. A database that is away for a moment must not cost a finished result."""
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
            saved = await units.write(lambda unit: unit.tasks.leases.succeed(lease, outcome.output))
        elif isinstance(outcome, Refused):
            saved = await units.write(lambda unit: unit.tasks.leases.fail(lease, outcome.reason, outcome.message))
        else:
            await self._try_again(outcome)
            return
        if saved is None:
            self._lost.set()
            return
        _log.info("task_ended", task_id=self._task.id, kind=self._task.kind, state=saved.state)
        await answer(self._message)

    async def _try_again(self, outcome: Again) -> None:
        attempt = self._task.attempt
        delay_s = _RETRY.delay_s(attempt) if outcome.delay_s is None else outcome.delay_s
        _log.warning("task_attempt_failed", task_id=self._task.id, attempt=attempt, cause=outcome.cause)
        saved = await self._context.units.write(lambda unit: unit.tasks.leases.retry(self._lease, delay_s=delay_s))
        if saved is not None and saved.state is TaskState.QUEUED:
            await hand_back(self._message, delay_s)
        else:
            await answer(self._message)

    async def _put_back(self) -> None:
        try:
            await self._context.units.write(lambda unit: unit.tasks.leases.release(self._lease))
            await answer(self._message)
        except Exception as error:
            # The lease runs out by itself.
            _log.warning("task_not_released", task_id=self._task.id, error=type(error).__name__)


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
