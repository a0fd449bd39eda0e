"""Does the tasks of one service.

A message only says where to look: what happens to a task is decided by its row. While the broker is away the rows
are asked directly, so tasks are done more slowly and none is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import structlog

from kit.clock import Clock
from kit.errors import Unimplemented
from kit.events.backoff import Backoff
from kit.events.bus import NO_HEADERS, Bus, BusUnavailable, ConsumerSpec, InboundMessage
from kit.events.envelope import call_of_headers
from kit.events.streams import work_stream, work_subject
from kit.events.waiting import Wakeup, unless_stopped, wait_any
from kit.rpc.context import bind_call, unbind_call
from kit.tasks.execution import Execution, ExecutionContext, answer, hand_back
from kit.tasks.handlers import Progress, TaskHandler
from kit.tasks.lanes import Lane
from kit.tasks.model import JsonObject, Task, TaskKind
from kit.tasks.notifier import TaskNotifier
from kit.tasks.units import TaskUnit, TaskUnits
from voxreel.common.v1 import error_reason_pb2 as reasons

LEASE_S = 30.0
GRACE_S = 20.0
_FETCH_WAIT_S = 5.0
_POLL_S = 2.0
_DATABASE_AWAY_S = 1.0
_RECOVERY = Backoff(first_s=0.5, cap_s=10.0)

# A task's id, and the wake-up that named it if one did.
_Pick: TypeAlias = tuple[str, InboundMessage | None]

_log = structlog.get_logger(__name__)


class Worker:
    """Runs up to `concurrency` tasks at a time, those of one lane only if it is given one. `instance` names the process
    across its starts, `boot` this start."""

    def __init__(
        self,
        units: TaskUnits,
        bus: Bus,
        *,
        service: str,
        handlers: Mapping[TaskKind, TaskHandler],
        instance: str,
        boot: str,
        clock: Clock,
        notifier: TaskNotifier,
        concurrency: int = 2,
        lane: Lane | None = None,
        lease_s: float = LEASE_S,
        grace_s: float = GRACE_S,
    ) -> None:
        self._units = units
        self._bus = bus
        self._handlers = dict(handlers)
        self._instance_prefix = f"{instance}#"
        self._owner = f"{instance}#{boot}"
        self._concurrency = concurrency
        self._lease_s = lease_s
        self._grace_s = grace_s
        self._lane = None if lane is None else lane.name
        self._context = ExecutionContext(units, clock, notifier, lease_s)
        self._subscription = bus.consume(_wakeups(service, lane, lease_s))
        self._running: set[asyncio.Task[None]] = set()
        self._freed = Wakeup()

    async def recover(self) -> int:
        """Takes back what an earlier start of this process held when it died; answers how many tasks."""

        def take_back(unit: TaskUnit) -> int:
            leases = unit.tasks.leases
            orphans = leases.running_under(self._instance_prefix, but=self._owner)
            return sum(leases.take_back(orphan) is not None for orphan in orphans)

        return await self._units.write(take_back)

    async def step(self, wait_s: float = 0.0) -> int:
        """Takes what there is, up to the free places, and runs it to its end; answers how many wake-ups or rows."""
        picks = await self._take(wait_s)
        async with asyncio.TaskGroup() as group:
            for task_id, message in picks:
                group.create_task(self._start(task_id, message))
        return len(picks)

    async def run(self, stop: asyncio.Event) -> None:
        """Works until told to stop; then lets running tasks finish within the grace and puts the rest back."""
        await self._recover(stop)
        async with asyncio.TaskGroup() as group:
            try:
                while not stop.is_set():
                    await self._round(group, stop)
            finally:
                await self._subscription.close()
            await self._drain()

    async def _round(self, group: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        if len(self._running) >= self._concurrency:
            await self._freed.wait(_FETCH_WAIT_S, stop)
            return
        picks = await unless_stopped(stop, self._take(_FETCH_WAIT_S))
        for task_id, message in picks or ():
            task = group.create_task(self._start(task_id, message))
            self._running.add(task)
            task.add_done_callback(self._free)
        if not picks and not self._bus.is_connected:
            await wait_any(stop, timeout_s=_POLL_S)

    def _free(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._freed.set()

    async def _take(self, wait_s: float) -> list[_Pick]:
        """Work for the free places: from the broker, or from the rows while it is away."""
        free = self._concurrency - len(self._running)
        try:
            messages = await self._subscription.fetch(free, wait_s)
        except BusUnavailable:
            return [(task_id, None) for task_id in await self._queued_ids(free)]
        return [(_task_id(message), message) for message in messages]

    async def _queued_ids(self, limit: int) -> Sequence[str]:
        try:
            return await self._units.read(lambda unit: unit.tasks.leases.queued_ids(limit=limit, lane=self._lane))
        except Exception as error:
            _log.warning("worker_waits_for_database", error=type(error).__name__)
            return ()

    async def _start(self, task_id: str, message: InboundMessage | None) -> None:
        """Claims a task and runs it, in the context of the request that asked for it."""
        token = bind_call(call_of_headers(NO_HEADERS if message is None else message.headers))
        try:
            task = await self._claim(task_id, message)
            if task is not None:
                handler = self._handlers.get(task.kind, _refuse)
                await Execution(self._context, task, handler, message).run()
        finally:
            unbind_call(token)

    async def _claim(self, task_id: str, message: InboundMessage | None) -> Task | None:
        try:
            task = await self._units.write(
                lambda unit: unit.tasks.leases.claim(task_id, self._owner, lease_s=self._lease_s)
            )
        except Exception as error:
            _log.warning("task_not_claimed", task_id=task_id, error=type(error).__name__)
            await hand_back(message, _DATABASE_AWAY_S)
            return None
        if task is None:
            # Another worker has it, or it has ended: the wake-up has done its duty.
            await answer(message)
            return None
        self._context.notifier.changed(task_id)
        return task

    async def _recover(self, stop: asyncio.Event) -> None:
        attempt = 0
        while not stop.is_set():
            try:
                recovered = await self.recover()
            except Exception as error:
                attempt += 1
                _log.warning("worker_waits_for_database", error=type(error).__name__)
                await wait_any(stop, timeout_s=_RECOVERY.delay_s(attempt))
            else:
                _log.info("worker_started", owner=self._owner, lane=self._lane, recovered=recovered)
                return

    async def _drain(self) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=self._grace_s)
        for task in self._running:
            task.cancel()


def _wakeups(service: str, lane: Lane | None, ack_wait_s: float) -> ConsumerSpec:
    stream = work_stream(service)
    if lane is None:
        return ConsumerSpec(stream.name, f"{service}--worker", stream.subjects, ack_wait_s=ack_wait_s)
    subject = work_subject(service, lane.name)
    return ConsumerSpec(stream.name, f"{service}--{lane.consumer}", (subject,), ack_wait_s=ack_wait_s)


def _task_id(message: InboundMessage) -> str:
    # What no id can hold becomes an id that no task has.
    return message.body.decode(errors="replace").replace("\x00", "\ufffd")


async def _refuse(_task: Task, _report: Progress) -> JsonObject:
    raise Unimplemented(reasons.ERROR_REASON_NOT_IMPLEMENTED, "暂不支持该类型的任务")
