"""Workers with their relay and sweeper: what is asked for is done once, whatever dies on the way."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from kit.clock import Clock, SystemClock
from kit.db.database import Database
from kit.db.uow import Units
from kit.errors import Invalid, Unavailable
from kit.events.memory import MemoryBus
from kit.events.relay import Relay
from kit.events.streams import work_stream
from kit.observability import catalogue
from kit.observability.metrics import Metrics
from kit.rpc.context import CallContext, bind_call, current_call, unbind_call
from kit.tasks.handlers import Done, NotYet, Progress, RetryableError, TaskHandler
from kit.tasks.lanes import Lane
from kit.tasks.measures import TaskMeasures
from kit.tasks.model import JsonObject, Task, TaskKind, TaskState
from kit.tasks.notifier import TaskNotifier
from kit.tasks.sweeper import Sweeper
from kit.tasks.worker import Worker
from tests.databases import open_database
from tests.fakes.clock import FakeClock
from tests.polling import eventually
from tests.sample_service import EVENT_TABLES, METADATA, SERVICE, SampleUnit, make_tables, new_task, sample_units
from voxreel.common.v1 import error_reason_pb2 as reasons


class FakeEngine:
    """A handler that notes what it did, and does what it is told."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.requests: list[str] = []
        self.traces: list[str] = []
        self.errors: list[Exception] = []
        self.cancelled: list[str] = []
        self.started = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.running = 0
        self.most_running = 0

    async def __call__(self, task: Task, report: Progress) -> JsonObject:
        self.requests.append(current_call().request_id)
        self.traces.append(current_call().trace_parent)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        self.started.set()
        try:
            await report(50, "mixing")
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled.append(task.id)
            raise
        finally:
            self.running -= 1
        if self.errors:
            raise self.errors.pop(0)
        self.done.append(task.id)
        return {"task": task.id}


class Setup:
    """One service with all its background parts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.clock = clock
        self.bus = MemoryBus(clock)
        self.units: Units[SampleUnit] = sample_units(database, clock)
        self.relay = Relay(database, EVENT_TABLES, self.bus, streams=[work_stream(SERVICE)], clock=clock)
        self.sweeper = Sweeper(self.units)
        self.engine = FakeEngine()
        self.metrics = Metrics(SERVICE)
        self.worker = self.new_worker("1")

    def new_worker(
        self,
        boot: str,
        *,
        instance: str = "w1",
        concurrency: int = 2,
        lane: Lane | None = None,
        lease_s: float = 30.0,
        grace_s: float = 5.0,
        handlers: Mapping[TaskKind, TaskHandler] | None = None,
    ) -> Worker:
        return Worker(
            self.units,
            self.bus,
            service=SERVICE,
            handlers={TaskKind.TTS: self.engine} if handlers is None else handlers,
            instance=instance,
            boot=boot,
            clock=self.clock,
            notifier=TaskNotifier(),
            concurrency=concurrency,
            lane=lane,
            lease_s=lease_s,
            grace_s=grace_s,
            measures=TaskMeasures(
                wait=self.metrics.histogram(catalogue.TASK_WAIT),
                run=self.metrics.histogram(catalogue.TASK_RUN),
                attempts=self.metrics.counter(catalogue.TASK_ATTEMPTS),
                engine_failures=self.metrics.counter(catalogue.ENGINE_FAILURES),
            ),
        )

    def told(self, name: str) -> dict[str, float]:
        """Series of a metric, by their label besides the app and the kind, if there is one."""
        lines = self.metrics.render().decode().splitlines()
        found = (
            re.fullmatch(rf'{name}{{app="\w+",(?:cause="(\w+)",)?kind="TTS"(?:,outcome="(\w+)")?}} (\S+)', line)
            for line in lines
        )
        return {each[1] or each[2] or "": float(each[3]) for each in found if each is not None}

    async def ask(self, number: int = 1) -> str:
        """Queues a task; answers its id."""

        def work(unit: SampleUnit) -> str:
            task = unit.tasks.create(new_task(number))
            return unit.tasks.queue(task.id, hold_id="hold", credits=1).id

        return await self.units.write(work)

    async def task(self, task_id: str = "tts_1") -> Task:
        return await self.units.read(lambda unit: unit.tasks.get(task_id))

    async def is_in(self, state: TaskState, task_id: str = "tts_1") -> bool:
        return (await self.task(task_id)).state is state

    async def pump(self) -> None:
        """Lets the relay send everything."""
        while await self.relay.step():
            continue


@pytest_asyncio.fixture
async def setup(database: Database) -> Setup:
    await make_tables(database)
    made = Setup(database, FakeClock())
    await made.relay.check_streams()
    return made


@pytest_asyncio.fixture
async def real_time(database: Database) -> Setup:
    await make_tables(database)
    made = Setup(database, SystemClock())
    await made.relay.check_streams()
    return made


def advance(setup: Setup, seconds: float) -> None:
    assert isinstance(setup.clock, FakeClock)
    setup.clock.advance(seconds)


async def test_a_task_is_done_in_the_context_of_its_request(setup: Setup) -> None:
    token = bind_call(CallContext(request_id="r1"))
    try:
        await setup.ask()
    finally:
        unbind_call(token)
    await setup.pump()
    assert await setup.worker.step() == 1
    task = await setup.task()
    assert (task.state, task.output, task.progress) == (TaskState.SUCCEEDED, {"task": "tts_1"}, 100)
    assert setup.engine.requests == ["r1"]
    advance(setup, 60)
    assert await setup.worker.step() == 0


async def test_attempts_are_counted_by_their_outcome_and_timed(setup: Setup) -> None:
    task_ids = [await setup.ask(number) for number in (1, 2, 3)]
    advance(setup, 7)
    await setup.pump()
    unavailable = Unavailable(reasons.ERROR_REASON_ENGINE_UNAVAILABLE, "引擎暂不可用")
    setup.engine.errors = [RetryableError("busy", delay_s=5), unavailable]
    while await setup.worker.step():
        continue
    advance(setup, 10)
    while await setup.worker.step():
        continue
    states = sorted([(await setup.task(task_id)).state for task_id in task_ids])
    assert states == [TaskState.FAILED, TaskState.SUCCEEDED, TaskState.SUCCEEDED]
    assert setup.told("voxreel_task_attempts_total") == {"retried": 1, "failed": 1, "succeeded": 2}
    assert setup.told("voxreel_engine_failures_total") == {"broke": 1, "gave_up": 1}
    assert setup.told("voxreel_task_run_seconds_count") == {"": 4}
    # The wait of a first attempt only.
    assert (setup.told("voxreel_task_wait_seconds_count"), setup.told("voxreel_task_wait_seconds_sum")) == (
        {"": 3},
        {"": 21},
    )


async def test_attempts_that_are_cancelled_or_put_back_are_told_apart(real_time: Setup) -> None:
    setup = real_time
    setup.engine.gate.clear()
    worker, stop = setup.new_worker("2", grace_s=0.05), asyncio.Event()
    task_id = await setup.ask()
    await setup.pump()
    running = asyncio.create_task(worker.run(stop))
    await eventually(setup.engine.started.is_set, within_s=60)
    assert (worker.places, worker.running) == (2, 1)
    await setup.units.write(lambda unit: unit.tasks.cancel(task_id))
    await eventually(lambda: setup.told("voxreel_task_attempts_total") == {"lost": 1}, within_s=60)
    setup.engine.started.clear()
    await setup.ask(2)
    await setup.pump()
    await eventually(setup.engine.started.is_set, within_s=60)
    stop.set()
    async with asyncio.timeout(60):
        await running
    assert setup.told("voxreel_task_attempts_total") == {"lost": 1, "put_back": 1}
    assert worker.running == 0


async def test_a_duplicate_wakeup_does_nothing(setup: Setup) -> None:
    await setup.ask()
    await setup.units.write(lambda unit: unit.outbox.add(unit.events.work("work.speech.tts", "tts_1")))
    await setup.pump()
    assert await setup.worker.step() == 2
    assert setup.engine.done == ["tts_1"]


@pytest.mark.parametrize("body", [b"", b"nobody", b"\xff nobody", b"\x00 nobody"])
async def test_a_wakeup_for_nothing_is_answered(setup: Setup, body: bytes) -> None:
    await setup.bus.publish("work.speech.tts", body, message_id="m1")
    assert await setup.worker.step() == 1
    advance(setup, 60)
    assert await setup.worker.step() == 0


async def test_a_refusal_ends_the_task_with_its_reason(setup: Setup) -> None:
    setup.engine.errors = [Invalid(reasons.ERROR_REASON_TEXT_NOT_SPEAKABLE, "文本无法朗读")]
    await setup.ask()
    await setup.pump()
    await setup.worker.step()
    task = await setup.task()
    assert (task.state, task.error_reason, task.error_message) == (
        TaskState.FAILED,
        "TEXT_NOT_SPEAKABLE",
        "文本无法朗读",
    )


async def test_a_kind_without_a_handler_fails(setup: Setup) -> None:
    await setup.ask()
    await setup.pump()
    await setup.new_worker("2", handlers={}).step()
    assert (await setup.task()).error_reason == "NOT_IMPLEMENTED"


async def test_a_retryable_failure_is_tried_again_after_its_pause(setup: Setup) -> None:
    setup.engine.errors = [RetryableError("provider busy", delay_s=3), KeyError("a bug")]
    await setup.ask()
    await setup.pump()
    await setup.worker.step()
    assert await setup.is_in(TaskState.QUEUED)
    advance(setup, 2.9)
    assert await setup.worker.step() == 0
    advance(setup, 0.1)
    assert await setup.worker.step() == 1
    advance(setup, 5)
    assert await setup.worker.step() == 1
    task = await setup.task()
    assert (task.state, task.attempt) == (TaskState.SUCCEEDED, 3)


async def test_a_task_whose_turn_it_is_not_comes_again_and_loses_no_attempt(setup: Setup) -> None:
    setup.engine.errors = [NotYet(3) for _ in range(6)]
    await setup.ask()
    for _ in range(6):
        await setup.pump()
        assert await setup.worker.step() == 1, "one wake-up, not more with each time"
        assert await setup.is_in(TaskState.QUEUED)
        advance(setup, 2)
        assert (await setup.sweeper.step()).repeated == 0
        advance(setup, 1)
        assert (await setup.sweeper.step()).repeated == 1
    await setup.pump()
    await setup.worker.step()
    task = await setup.task()
    assert (task.state, task.attempt) == (TaskState.SUCCEEDED, 1)


async def test_a_task_that_always_fails_is_given_up(setup: Setup) -> None:
    setup.engine.errors = [RuntimeError("a bug") for _ in range(10)]
    await setup.ask()
    await setup.pump()
    for _ in range(5):
        await setup.worker.step()
        advance(setup, 60)
    assert (await setup.task()).error_reason == "ATTEMPTS_EXHAUSTED"
    assert len(setup.engine.errors) == 5


async def test_a_crash_between_claim_and_finish_costs_one_attempt(setup: Setup) -> None:
    await setup.ask()
    await setup.pump()
    await setup.units.write(lambda unit: unit.tasks.leases.claim("tts_1", "dead#1", lease_s=30))
    assert await setup.worker.step() == 1
    assert setup.engine.done == []
    advance(setup, 31)
    assert (await setup.sweeper.step()).expired == 1
    await setup.pump()
    assert await setup.worker.step() == 1
    task = await setup.task()
    assert (task.state, task.attempt) == (TaskState.SUCCEEDED, 2)


async def test_a_new_start_takes_back_what_the_dead_one_held(setup: Setup) -> None:
    await setup.ask()
    await setup.units.write(lambda unit: unit.tasks.leases.claim("tts_1", "w1#0", lease_s=30))
    await setup.pump()
    assert await setup.worker.recover() == 1
    assert await setup.worker.recover() == 0
    await setup.pump()
    await setup.worker.step()
    assert await setup.is_in(TaskState.SUCCEEDED)


async def test_lost_wakeups_are_made_up_for(setup: Setup) -> None:
    await setup.ask()
    await setup.pump()
    setup.bus.wipe()
    await setup.relay.check_streams()
    advance(setup, 15)
    assert (await setup.sweeper.step()).repeated == 1
    await setup.pump()
    await setup.worker.step()
    assert await setup.is_in(TaskState.SUCCEEDED)


async def test_work_goes_on_while_the_broker_is_away(setup: Setup) -> None:
    setup.bus.disconnect()
    trace_parent = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    token = bind_call(CallContext(trace_parent=trace_parent))
    for number in (1, 2, 3):
        await setup.ask(number)
    unbind_call(token)
    assert await setup.worker.step() == 2
    assert await setup.worker.step() == 1
    assert setup.engine.traces == [trace_parent] * 3
    assert sorted(setup.engine.done) == ["tts_1", "tts_2", "tts_3"]


async def test_a_worker_of_a_lane_leaves_the_others_alone(setup: Setup) -> None:
    lanes = [setup.new_worker("1", concurrency=1, lane=Lane(name, name)) for name in ("asr", "tts")]
    handled = [await setup.ask(number) for number in (1, 2)]
    await setup.pump()
    assert [await worker.step() for worker in lanes] == [0, 1]
    setup.bus.disconnect()
    assert [await worker.step() for worker in lanes] == [0, 1]
    assert setup.engine.done == handled


async def test_never_more_tasks_than_places(real_time: Setup) -> None:
    stop = asyncio.Event()
    real_time.engine.gate.clear()
    for number in range(7):
        await real_time.ask(number)
    await real_time.pump()
    async with asyncio.TaskGroup() as group:
        group.create_task(real_time.worker.run(stop))
        await eventually(lambda: real_time.engine.running == 2)
        real_time.engine.gate.set()
        await eventually(lambda: len(real_time.engine.done) == 7)
        stop.set()
    assert real_time.engine.most_running == 2


async def test_a_long_task_keeps_its_lease(real_time: Setup) -> None:
    real_time.engine.gate.clear()
    stop = asyncio.Event()
    await real_time.ask()
    await real_time.pump()
    async with asyncio.TaskGroup() as group:
        group.create_task(real_time.new_worker("1", lease_s=0.6).run(stop))
        await real_time.engine.started.wait()
        first = (await real_time.task()).lease_until

        async def is_extended_past_the_first_lease() -> bool:
            return first is not None and real_time.clock.now() > first

        await eventually(is_extended_past_the_first_lease)
        assert (await real_time.sweeper.step()).expired == 0
        real_time.engine.gate.set()
        await eventually(lambda: real_time.is_in(TaskState.SUCCEEDED))
        stop.set()
    assert (await real_time.task()).attempt == 1


@pytest.mark.parametrize("state", [TaskState.CANCELLED, TaskState.FAILED])
async def test_a_task_ended_by_others_stops_its_handler(real_time: Setup, state: TaskState) -> None:
    real_time.engine.gate.clear()
    stop = asyncio.Event()
    await real_time.ask()
    await real_time.pump()
    async with asyncio.TaskGroup() as group:
        group.create_task(real_time.new_worker("1", lease_s=0.3).run(stop))
        await real_time.engine.started.wait()
        if state is TaskState.CANCELLED:
            await real_time.units.write(lambda unit: unit.tasks.cancel("tts_1"))
        else:
            reason = reasons.ERROR_REASON_ENGINE_FAILED
            await real_time.units.write(lambda unit: unit.tasks.fail("tts_1", reason, "失败"))
        await eventually(lambda: real_time.engine.cancelled == ["tts_1"])
        stop.set()
    assert await real_time.is_in(state)


async def test_a_database_that_is_busy_too_long_delays_and_kills_nothing(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    stop = asyncio.Event()
    async with open_database(f"sqlite:///{path}", METADATA, statement_timeout_ms=500) as database:
        busy = Setup(database, SystemClock())
        await busy.ask()
        other_process = sqlite3.connect(path, isolation_level=None)
        other_process.execute("BEGIN IMMEDIATE")
        async with asyncio.TaskGroup() as group:
            for loop in (busy.relay.run, busy.worker.run, busy.sweeper.run):
                group.create_task(loop(stop))
            with pytest.raises(Exception, match=r"locked|数据库"):
                await busy.ask(2)
            other_process.execute("ROLLBACK")
            other_process.close()
            await eventually(lambda: busy.is_in(TaskState.SUCCEEDED))
            stop.set()


async def test_stopping_lets_running_tasks_finish(real_time: Setup) -> None:
    real_time.engine.gate.clear()
    stop = asyncio.Event()
    await real_time.ask()
    await real_time.pump()
    async with asyncio.TaskGroup() as group:
        group.create_task(real_time.worker.run(stop))
        await real_time.engine.started.wait()
        stop.set()
        real_time.engine.gate.set()
    assert await real_time.is_in(TaskState.SUCCEEDED)


async def test_what_outlasts_the_grace_is_put_back_for_others(real_time: Setup) -> None:
    real_time.engine.gate.clear()
    stop = asyncio.Event()
    await real_time.ask()
    await real_time.pump()
    async with asyncio.TaskGroup() as group:
        group.create_task(real_time.new_worker("1", grace_s=0.1).run(stop))
        await real_time.engine.started.wait()
        stop.set()
    task = await real_time.task()
    assert (task.state, task.attempt, task.lease_owner) == (TaskState.QUEUED, 0, "")
    real_time.engine.gate.set()
    await real_time.pump()
    await real_time.new_worker("1", instance="w2").step()
    assert (await real_time.task()).attempt == 1
    assert await real_time.is_in(TaskState.SUCCEEDED)


async def test_a_task_cancelled_elsewhere_stops_at_work_within_moments(setup: Setup) -> None:
    setup.engine.gate.clear()
    await setup.ask()
    await setup.relay.step()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        working = group.create_task(setup.worker.step())
        await setup.engine.started.wait()
        await setup.units.write(lambda unit: unit.tasks.cancel("tts_1"))
        await working
    assert (setup.engine.cancelled, setup.engine.done) == (["tts_1"], [])


async def test_a_report_for_a_cancelled_task_is_its_last(setup: Setup) -> None:
    went_on: list[str] = []

    async def handler(task: Task, report: Progress) -> JsonObject:
        await setup.units.write(lambda unit: unit.tasks.cancel(task.id))
        await report(90, "storing")
        went_on.append(task.id)
        return {}

    worker = setup.new_worker("2", handlers={TaskKind.TTS: handler})
    await setup.ask()
    await setup.relay.step()
    await worker.step()
    assert went_on == []


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_what_a_handler_publishes_is_there_with_its_success_only(setup: Setup, is_cancelled: bool) -> None:
    published: list[TaskState] = []

    async def handler(task: Task, report: Progress) -> Done:
        if is_cancelled:
            await setup.units.write(lambda unit: unit.tasks.cancel(task.id))
        return Done({}, lambda unit: published.append(unit.tasks.get(task.id).state))

    worker = setup.new_worker("2", handlers={TaskKind.TTS: handler})
    await setup.ask()
    await setup.relay.step()
    await worker.step()
    assert published == ([] if is_cancelled else [TaskState.SUCCEEDED])
