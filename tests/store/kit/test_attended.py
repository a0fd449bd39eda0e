"""Tasks done for a caller that waits: exactly one does them, and leaving or failing ends them at once."""

from __future__ import annotations

import asyncio

import pytest_asyncio

from kit.clock import SystemClock
from kit.db.database import Database
from kit.db.uow import Units
from kit.tasks.attended import AttendedTasks
from kit.tasks.handlers import Progress, RetryableError
from kit.tasks.model import JsonObject, Task, TaskState
from kit.tasks.notifier import TaskNotifier
from tests.polling import eventually
from tests.sample_service import SampleUnit, make_tables, new_task, sample_units
from voxreel.common.v1 import error_reason_pb2 as reasons


class FakeEngine:
    """Answers when it may, unless it has an error to raise."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()
        self.has_begun = asyncio.Event()
        self.was_stopped = False
        self.error: Exception | None = None

    async def __call__(self, task: Task, report: Progress) -> JsonObject:
        self.has_begun.set()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.was_stopped = True
            raise
        if self.error is not None:
            raise self.error
        return {"task": task.id}


def _attended(units: Units[SampleUnit]) -> AttendedTasks:
    return AttendedTasks(units, TaskNotifier(), owner="w1#1", clock=SystemClock())


async def _queued(units: Units[SampleUnit]) -> Task:
    def work(unit: SampleUnit) -> Task:
        return unit.tasks.queue(unit.tasks.create(new_task(1)).id, hold_id="hold", credits=1)

    return await units.write(work)


@pytest_asyncio.fixture
async def units(database: Database) -> Units[SampleUnit]:
    await make_tables(database)
    return sample_units(database, SystemClock())


async def test_of_many_who_wait_one_does_it_and_all_learn_the_end(units: Units[SampleUnit]) -> None:
    waiting, engine = [_attended(units) for _ in range(4)], FakeEngine()
    task = await _queued(units)
    engine.may_end.set()
    claims = await asyncio.gather(*(each.claim(task.id) for each in waiting))
    [claimed] = [claim for claim in claims if claim is not None]
    ends = asyncio.gather(*(each.end_of(task.id) for each in waiting))
    await waiting[0].run(claimed, engine)
    assert {end.state for end in await ends} == {TaskState.SUCCEEDED}


async def test_abandoning_stops_the_work(units: Units[SampleUnit]) -> None:
    engine = FakeEngine()
    attended = _attended(units)
    claimed = await attended.claim((await _queued(units)).id)
    assert claimed is not None
    running = asyncio.create_task(attended.run(claimed, engine))
    await engine.has_begun.wait()
    await attended.abandon(claimed, "不要了")
    await eventually(running.done, within_s=10)
    end = await attended.end_of(claimed.id)
    assert (end.state, end.error_message, engine.was_stopped) == (TaskState.CANCELLED, "不要了", True)
    await attended.abandon(claimed, "再次")
    assert (await attended.end_of(claimed.id)).error_message == "不要了"


async def test_what_needs_another_attempt_can_be_given_up(units: Units[SampleUnit]) -> None:
    engine = FakeEngine()
    attended = _attended(units)
    engine.error = RetryableError("the engine broke")
    engine.may_end.set()
    claimed = await attended.claim((await _queued(units)).id)
    assert claimed is not None
    await attended.run(claimed, engine)
    assert (await units.read(lambda unit: unit.tasks.get(claimed.id))).state is TaskState.QUEUED
    for _ in range(2):
        await attended.give_up(claimed, reasons.ERROR_REASON_ENGINE_FAILED, "失败")
    end = await attended.end_of(claimed.id)
    assert (end.state, end.error_reason, end.error_message) == (TaskState.FAILED, "ENGINE_FAILED", "失败")


async def test_giving_up_what_has_ended_or_is_gone_changes_nothing(units: Units[SampleUnit]) -> None:
    engine = FakeEngine()
    attended = _attended(units)
    engine.may_end.set()
    claimed = await attended.claim((await _queued(units)).id)
    assert claimed is not None
    await attended.run(claimed, engine)
    await attended.give_up(claimed, reasons.ERROR_REASON_ENGINE_FAILED, "失败")
    await attended.abandon(claimed, "不要了")
    assert (await attended.end_of(claimed.id)).state is TaskState.SUCCEEDED
    await units.write(lambda unit: unit.tasks.delete_own(claimed.id, claimed.user_id))
    await attended.give_up(claimed, reasons.ERROR_REASON_ENGINE_FAILED, "失败")
    await attended.abandon(claimed, "不要了")
