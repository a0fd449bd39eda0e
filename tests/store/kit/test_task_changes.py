"""What owners do to their tasks, on both engines: changing what is seen, cancelling, deleting; and who wins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import pytest_asyncio
from sqlalchemy import select

from kit.db.database import Database
from kit.errors import NotFound, Precondition
from kit.tasks.model import Amendment, Lease, TaskState
from tests.fakes.clock import FakeClock
from tests.sample_service import EVENT_TABLES, SampleUnit, make_tables, new_task, sample_units
from voxreel.common.v1 import error_reason_pb2 as reasons

OWNER = 7
SHOWN = Amendment(progress=50, stage="validation_failed", error_message="文件格式不支持")


def _amend(unit: SampleUnit, user_id: int = OWNER) -> None:
    unit.tasks.amend_own("tts_1", user_id, SHOWN)


def _cancel(unit: SampleUnit, user_id: int = OWNER) -> None:
    unit.tasks.cancel_own("tts_1", user_id, SHOWN)


def _delete(unit: SampleUnit, user_id: int = OWNER) -> None:
    unit.tasks.delete_own("tts_1", user_id)


class Setup:
    """A task table with one running task."""

    def __init__(self, database: Database) -> None:
        self.units = sample_units(database, FakeClock())

    async def run(self) -> Lease:
        def work(unit: SampleUnit) -> Lease:
            task = unit.tasks.create(new_task(1, user_id=OWNER))
            unit.tasks.queue(task.id, hold_id="hold", credits=10)
            claimed = unit.tasks.leases.claim(task.id, "w#1", lease_s=30)
            assert claimed is not None
            return claimed.lease

        return await self.units.write(work)

    async def ends(self) -> list[str]:
        """Verbs of the terminal events."""
        subject = EVENT_TABLES.outbox.c.subject
        rows = await self.units.read(lambda unit: unit.connection.execute(select(subject)).scalars().all())
        verbs = (row.rpartition(".")[2] for row in rows if row.startswith("evt."))
        return sorted(verb for verb in verbs if verb != "queued")


@pytest_asyncio.fixture
async def setup(database: Database) -> Setup:
    await make_tables(database)
    return Setup(database)


async def test_an_amendment_changes_what_is_seen_and_nothing_else(setup: Setup) -> None:
    lease = await setup.run()
    task = await setup.units.write(lambda unit: unit.tasks.amend_own("tts_1", OWNER, SHOWN))
    assert (task.progress, task.stage, task.error_message) == (50, "validation_failed", "文件格式不支持")
    assert (task.state, task.lease) == (TaskState.RUNNING, lease)
    assert await setup.ends() == []
    assert await setup.units.write(lambda unit: unit.tasks.leases.report(lease, progress=70, stage="mixing"))
    done = await setup.units.write(lambda unit: unit.tasks.leases.succeed(lease, {"url": "x"}))
    assert done is not None
    assert (done.progress, done.stage, done.error_message) == (100, "completed", "")


async def test_a_cancelled_task_is_told_once_and_loses_its_lease(setup: Setup) -> None:
    lease = await setup.run()
    for _ in range(2):
        task = await setup.units.write(lambda unit: unit.tasks.cancel_own("tts_1", OWNER, SHOWN))
        assert (task.state, task.stage, task.error_message) == (TaskState.CANCELLED, SHOWN.stage, SHOWN.error_message)
    assert await setup.ends() == ["cancelled"]
    assert not await setup.units.read(lambda unit: unit.tasks.leases.is_held(lease))
    assert await setup.units.write(lambda unit: unit.tasks.leases.succeed(lease, {})) is None
    with pytest.raises(Precondition):
        await setup.units.write(lambda unit: unit.tasks.amend_own("tts_1", OWNER, SHOWN))


async def test_what_has_ended_cannot_be_changed(setup: Setup) -> None:
    lease = await setup.run()
    await setup.units.write(lambda unit: unit.tasks.leases.succeed(lease, {}))
    for work in (_amend, _cancel):
        with pytest.raises(Precondition) as refused:
            await setup.units.write(work)
        assert refused.value.reason == reasons.ERROR_REASON_TASK_FINISHED
    assert await setup.ends() == ["succeeded"]


async def test_nobody_else_can_do_any_of_it(setup: Setup) -> None:
    lease = await setup.run()
    for work in (_amend, _cancel, _delete):
        with pytest.raises(NotFound):
            await setup.units.write(lambda unit, work=work: work(unit, OWNER + 1))
    assert await setup.units.read(lambda unit: unit.tasks.leases.is_held(lease))


async def test_deleting_a_running_task_cancels_it(setup: Setup) -> None:
    lease = await setup.run()
    await setup.units.write(_delete)
    assert await setup.ends() == ["cancelled"]
    assert not await setup.units.write(lambda unit: unit.tasks.leases.extend(lease, lease_s=30))
    with pytest.raises(NotFound):
        await setup.units.write(_delete)


async def test_deleting_what_has_ended_moves_nothing(setup: Setup) -> None:
    lease = await setup.run()
    await setup.units.write(lambda unit: unit.tasks.leases.succeed(lease, {}))
    await setup.units.write(_delete)
    assert await setup.ends() == ["succeeded"]


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("work", [_cancel, _delete])
async def test_of_an_end_and_its_rival_exactly_one_wins(
    setup: Setup, work: Callable[[SampleUnit], None], number: int
) -> None:
    lease = await setup.run()
    rivals = [
        setup.units.write(lambda unit: unit.tasks.leases.succeed(lease, {"url": "x"}) is not None),
        setup.units.write(work),
        setup.units.write(lambda unit: unit.tasks.leases.extend(lease, lease_s=30)),
    ]
    if number % 2:
        rivals.reverse()
    await asyncio.gather(*rivals, return_exceptions=True)
    [end] = await setup.ends()
    task = await setup.units.read(lambda unit: unit.tasks.find("tts_1"))
    assert end in ("succeeded", "cancelled")
    assert task is None or task.state.value.lower() == end
    assert task is None or (task.output is None) == (end == "cancelled")
