"""The task table on both engines: every way through it, and who wins when several try."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest
import pytest_asyncio
from sqlalchemy import select

from kit.db.database import Database
from kit.db.uow import Units
from kit.errors import Conflict, Invalid, NotFound
from kit.events.envelope import TRACE_PARENT_HEADER
from kit.rpc.context import CallContext, bind_call, unbind_call
from kit.tasks.leases import MAX_ATTEMPTS
from kit.tasks.model import Lease, Task, TaskState
from kit.tasks.sweeper import Sweeper, Swept
from tests.fakes.clock import FakeClock
from tests.sample_service import EVENT_TABLES, SampleUnit, make_tables, new_task, sample_units
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.common.v1.event_pb2 import EventEnvelope
from voxreel.task.v1.events_pb2 import TaskFailed, TaskQueued, TaskSucceeded
from voxreel.task.v1.task_pb2 import TASK_KIND_TTS

T = TypeVar("T")
NOBODY = Swept(0, 0, 0)


class Setup:
    """A task table, and short ways to bring tasks into a state."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = FakeClock()
        self.units: Units[SampleUnit] = sample_units(database, self.clock)
        self.sweeper = Sweeper(self.units)

    async def do(self, work: Callable[[SampleUnit], T]) -> T:
        return await self.units.write(work)

    async def created(self, number: int = 1) -> Task:
        return await self.do(lambda unit: unit.tasks.create(new_task(number)))

    async def queued(self, number: int = 1) -> Task:
        task = await self.created(number)
        return await self.do(lambda unit: unit.tasks.queue(task.id, hold_id="hold", credits=10))

    async def claim(self, task_id: str, owner: str = "w1#1") -> Task | None:
        return await self.do(lambda unit: unit.tasks.leases.claim(task_id, owner, lease_s=30))

    async def running(self, number: int = 1, owner: str = "w1#1") -> Lease:
        task = await self.claim((await self.queued(number)).id, owner)
        assert task is not None
        return task.lease

    async def retry(self, lease: Lease) -> Task | None:
        return await self.do(lambda unit: unit.tasks.leases.retry(lease, delay_s=1))

    async def state(self, task_id: str = "tts_1") -> TaskState:
        return (await self.do(lambda unit: unit.tasks.get(task_id))).state

    async def outbox(self) -> list[tuple[str, bytes]]:
        """Subjects and bodies, oldest first; emptied."""
        columns = EVENT_TABLES.outbox.c
        statement = select(columns.subject, columns.payload).order_by(columns.create_time, columns.id)

        def take(unit: SampleUnit) -> list[tuple[str, bytes]]:
            found = [(row.subject, bytes(row.payload)) for row in unit.connection.execute(statement)]
            unit.connection.execute(EVENT_TABLES.outbox.delete())
            return found

        return await self.do(take)

    async def outbox_traces(self) -> set[str | None]:
        """Traces that the messages belong to."""
        headers = await self.do(lambda unit: list(unit.connection.execute(select(EVENT_TABLES.outbox.c.headers))))
        return {json.loads(row.headers).get(TRACE_PARENT_HEADER) for row in headers}

    async def subjects(self) -> list[str]:
        return sorted(subject for subject, _ in await self.outbox())


@pytest_asyncio.fixture
async def setup(database: Database) -> Setup:
    await make_tables(database)
    return Setup(database)


async def test_a_task_is_recorded_as_asked(setup: Setup) -> None:
    task = await setup.created()
    assert task == await setup.do(lambda unit: unit.tasks.get("tts_1"))
    assert (task.state, task.stage, task.user_id, task.input) == (TaskState.NEW, "new", 7, new_task().input)
    assert (task.create_time, task.output, task.finish_time) == (setup.clock.now(), None, None)
    assert await setup.outbox() == []


async def test_a_repeated_request_gets_the_same_task(setup: Setup) -> None:
    await setup.created()
    again = new_task()
    other_id = type(again)("tts_2", again.kind, again.user_id, again.request_id, again.input_hash, again.input)
    assert (await setup.do(lambda unit: unit.tasks.create(other_id))).id == "tts_1"


async def test_a_request_id_of_another_input_is_refused(setup: Setup) -> None:
    await setup.created()
    with pytest.raises(Invalid) as caught:
        await setup.do(lambda unit: unit.tasks.create(new_task(input_hash="other")))
    assert caught.value.reason == reasons.ERROR_REASON_IDEMPOTENCY_KEY_REUSED


async def test_many_equal_requests_at_once_make_one_task(setup: Setup) -> None:
    made = await asyncio.gather(*(setup.created() for _ in range(8)))
    assert {task.id for task in made} == {"tts_1"}


async def test_queueing_tells_the_world_and_the_workers(setup: Setup) -> None:
    task = await setup.queued()
    assert (task.state, task.hold_id, task.credits, task.stage) == (TaskState.QUEUED, "hold", 10, "queued")
    messages = dict(await setup.outbox())
    assert messages["work.speech.tts"] == b"tts_1"
    queued = TaskQueued.FromString(EventEnvelope.FromString(messages["evt.speech.task.queued"]).payload)
    assert queued == TaskQueued(task_id="tts_1", kind=TASK_KIND_TTS, user_id=7, credits=10)


async def test_queueing_twice_with_one_hold_is_one_queueing(setup: Setup) -> None:
    await setup.queued()
    await setup.outbox()
    again = await setup.do(lambda unit: unit.tasks.queue("tts_1", hold_id="hold", credits=10))
    assert again.state is TaskState.QUEUED
    assert await setup.outbox() == []


async def test_a_task_given_up_meanwhile_cannot_be_queued(setup: Setup) -> None:
    await setup.created()
    await setup.do(lambda unit: unit.tasks.fail("tts_1", reasons.ERROR_REASON_NOT_ACCEPTED, "未受理"))
    with pytest.raises(Conflict):
        await setup.do(lambda unit: unit.tasks.queue("tts_1", hold_id="hold", credits=10))


async def test_an_unknown_task_is_not_found(setup: Setup) -> None:
    with pytest.raises(NotFound):
        await setup.do(lambda unit: unit.tasks.cancel("nobody"))
    assert await setup.do(lambda unit: unit.tasks.find("nobody")) is None


async def test_of_many_workers_one_gets_the_task(setup: Setup) -> None:
    await setup.queued()
    claims = await asyncio.gather(*(setup.claim("tts_1", f"w{number}#1") for number in range(12)))
    assert sum(claim is not None for claim in claims) == 1


async def test_success_keeps_the_output_and_is_told_once(setup: Setup) -> None:
    lease = await setup.running()
    await setup.outbox()
    task = await setup.do(lambda unit: unit.tasks.leases.succeed(lease, {"url": "音频", "seconds": 1.5}))
    assert task is not None
    assert (task.state, task.output, task.progress) == (TaskState.SUCCEEDED, {"url": "音频", "seconds": 1.5}, 100)
    assert task.finish_time == setup.clock.now()
    [(subject, body)] = await setup.outbox()
    payload = TaskSucceeded.FromString(EventEnvelope.FromString(body).payload)
    assert (subject, payload.credits, payload.user_id) == ("evt.speech.task.succeeded", 10, 7)
    assert (payload.text_length, payload.HasField("voice")) == (len("你好 1"), False)
    assert await setup.do(lambda unit: unit.tasks.leases.succeed(lease, {})) is None
    assert await setup.outbox() == []


async def test_failure_is_told_with_its_reason(setup: Setup) -> None:
    lease = await setup.running()
    await setup.outbox()
    await setup.do(lambda unit: unit.tasks.leases.fail(lease, reasons.ERROR_REASON_ENGINE_FAILED, "合成失败"))
    [(_, body)] = await setup.outbox()
    payload = TaskFailed.FromString(EventEnvelope.FromString(body).payload)
    assert (payload.error_reason, payload.error_message) == ("ENGINE_FAILED", "合成失败")


async def test_a_stolen_lease_is_worth_nothing(setup: Setup) -> None:
    old = await setup.running()
    setup.clock.advance(31)
    await setup.sweeper.step()
    new = await setup.claim("tts_1", "w2#1")
    assert new is not None
    assert not await setup.do(lambda unit: unit.tasks.leases.extend(old, lease_s=30))
    assert not await setup.do(lambda unit: unit.tasks.leases.report(old, progress=50, stage="mixing"))
    assert await setup.do(lambda unit: unit.tasks.leases.succeed(old, {})) is None
    assert await setup.do(lambda unit: unit.tasks.leases.release(old)) is None
    assert await setup.do(lambda unit: unit.tasks.leases.retry(old, delay_s=0)) is None
    assert await setup.do(lambda unit: unit.tasks.leases.succeed(new.lease, {})) is not None


async def test_the_same_owner_cannot_finish_an_earlier_attempt(setup: Setup) -> None:
    first = await setup.running()
    setup.clock.advance(31)
    await setup.sweeper.step()
    second = await setup.claim("tts_1")
    assert second is not None and second.attempt == 2
    assert await setup.do(lambda unit: unit.tasks.leases.succeed(first, {})) is None


async def test_an_extended_lease_is_left_alone(setup: Setup) -> None:
    lease = await setup.running()
    setup.clock.advance(20)
    assert await setup.do(lambda unit: unit.tasks.leases.extend(lease, lease_s=30))
    setup.clock.advance(20)
    assert await setup.sweeper.step() == NOBODY
    assert await setup.state() is TaskState.RUNNING


async def test_progress_is_kept_within_bounds(setup: Setup) -> None:
    lease = await setup.running()
    assert await setup.do(lambda unit: unit.tasks.leases.report(lease, progress=140, stage="mixing"))
    task = await setup.do(lambda unit: unit.tasks.get("tts_1"))
    assert (task.progress, task.stage) == (100, "mixing")


async def test_a_released_task_waits_again_and_the_attempt_does_not_count(setup: Setup) -> None:
    lease = await setup.running()
    await setup.outbox()
    await setup.do(lambda unit: unit.tasks.leases.release(lease))
    assert await setup.subjects() == ["work.speech.tts"]
    again = await setup.claim("tts_1", "w2#1")
    assert again is not None and again.attempt == 1


async def test_the_last_attempt_is_the_last(setup: Setup) -> None:
    lease = await setup.running()
    for attempt in range(1, MAX_ATTEMPTS):
        put_back = await setup.retry(lease)
        assert put_back is not None and put_back.state is TaskState.QUEUED
        claimed = await setup.claim("tts_1")
        assert claimed is not None and claimed.attempt == attempt + 1
        lease = claimed.lease
    failed = await setup.retry(lease)
    assert failed is not None
    assert (failed.state, failed.error_reason) == (TaskState.FAILED, "ATTEMPTS_EXHAUSTED")


async def test_a_worker_that_keeps_dying_exhausts_the_attempts(setup: Setup) -> None:
    await setup.queued()
    for _ in range(MAX_ATTEMPTS):
        assert await setup.claim("tts_1") is not None
        setup.clock.advance(31)
        assert (await setup.sweeper.step()).expired == 1
    assert await setup.state() is TaskState.FAILED
    assert "evt.speech.task.failed" in await setup.subjects()


@pytest.mark.parametrize("steps", [0, 1, 2])
async def test_any_unfinished_task_can_be_cancelled_once(setup: Setup, steps: int) -> None:
    await (setup.created, setup.queued, setup.running)[steps]()
    await setup.outbox()
    assert (await setup.do(lambda unit: unit.tasks.cancel("tts_1"))).state is TaskState.CANCELLED
    assert await setup.subjects() == ["evt.speech.task.cancelled"]
    with pytest.raises(Conflict):
        await setup.do(lambda unit: unit.tasks.cancel("tts_1"))


async def test_the_sweeper_fails_what_was_never_accepted(setup: Setup) -> None:
    await setup.created()
    setup.clock.advance(60)
    assert await setup.sweeper.step() == NOBODY
    setup.clock.advance(1)
    assert await setup.sweeper.step() == Swept(1, 0, 0)
    task = await setup.do(lambda unit: unit.tasks.get("tts_1"))
    assert (task.state, task.error_reason) == (TaskState.FAILED, "NOT_ACCEPTED")
    assert await setup.subjects() == ["evt.speech.task.failed"]


async def test_the_sweeper_repeats_lost_wakeups_ever_more_slowly(setup: Setup) -> None:
    await setup.queued()
    await setup.outbox()
    repeated = []
    for second in range(0, 121, 5):
        if (await setup.sweeper.step()).repeated:
            repeated.append(second)
        setup.clock.advance(5)
    assert repeated == [15, 30, 60, 120]
    assert await setup.subjects() == ["work.speech.tts"] * 4


async def test_what_a_sweeper_sends_belongs_to_the_trace_of_the_request(setup: Setup) -> None:
    trace_parent = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    bound = bind_call(CallContext(trace_parent=trace_parent))
    try:
        await setup.queued(1)
        await setup.created(2)
    finally:
        unbind_call(bound)
    await setup.outbox()
    setup.clock.advance(61)
    assert await setup.sweeper.step() == Swept(abandoned=1, expired=0, repeated=1)
    assert await setup.outbox_traces() == {trace_parent}


async def test_two_sweepers_treat_a_task_once(setup: Setup) -> None:
    for number in range(20):
        await setup.running(number)
    await setup.outbox()
    setup.clock.advance(31)
    await asyncio.gather(setup.sweeper.step(), Sweeper(setup.units).step())
    assert await setup.subjects() == ["work.speech.tts"] * 20


async def test_a_sweep_is_bounded(setup: Setup) -> None:
    for number in range(130):
        await setup.created(number)
    setup.clock.advance(61)
    first, second = await setup.sweeper.step(), await setup.sweeper.step()
    assert (first.abandoned, first.is_full, second.abandoned) == (100, True, 30)


async def test_orphans_are_those_of_other_starts_of_the_same_instance(setup: Setup) -> None:
    await setup.running(1, "w1#1")
    await setup.running(2, "w1#2")
    await setup.running(3, "w10#1")
    await setup.running(4, "w_#1")
    orphans = await setup.do(lambda unit: unit.tasks.leases.running_under("w1#", but="w1#2"))
    assert [orphan.task_id for orphan in orphans] == ["tts_1"]


async def test_the_longest_waiting_comes_first(setup: Setup) -> None:
    for number in (1, 2, 3):
        await setup.queued(number)
        setup.clock.advance(timedelta(seconds=1).total_seconds())
    assert await setup.do(lambda unit: unit.tasks.leases.queued_ids(limit=2)) == ["tts_1", "tts_2"]
