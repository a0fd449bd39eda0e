"""Counting unfinished tasks and giving request ids back, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, text

from kit.db.database import Database
from kit.db.uow import Units
from kit.events.envelope import EventSource
from kit.ids import RandomIds
from kit.tasks.model import NewTask, TaskKind
from kit.tasks.queue_watch import QueueWatch
from services.speech.store.uow import SpeechUnit
from tests.fakes.clock import FakeClock
from tests.store.migrated import migrated_database
from voxreel.common.v1 import error_reason_pb2 as reasons


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with migrated_database(database_url, "speech") as opened:
        yield opened


@pytest.fixture
def units(database: Database) -> Units[SpeechUnit]:
    events = EventSource("speech", RandomIds(), FakeClock())
    return Units(database, lambda connection: SpeechUnit(connection, events))


async def _create(units: Units[SpeechUnit], task_id: str, *, user_id: int = 7, request_id: str = "") -> None:
    new = NewTask(
        task_id, TaskKind.TTS, user_id, request_id=request_id or task_id, input_hash="h", input={"text": "好"}
    )
    await units.write(lambda unit: unit.tasks.create(new))


async def test_unfinished_tasks_are_counted_in_all_and_by_user(units: Units[SpeechUnit]) -> None:
    for task_id, user_id in (("new", 7), ("queued", 7), ("running", 7), ("failed", 7), ("others", 8)):
        await _create(units, task_id, user_id=user_id)
    for task_id in ("queued", "running"):
        await units.write(lambda unit, key=task_id: unit.tasks.queue(key, hold_id="h", credits=1))
    await units.write(lambda unit: unit.tasks.leases.claim("running", "w#1", lease_s=30))
    await units.write(lambda unit: unit.tasks.fail("failed", reasons.ERROR_REASON_ENGINE_FAILED, "失败"))
    assert await units.read(lambda unit: unit.tasks.unfinished.size()) == 4
    assert await units.read(lambda unit: unit.tasks.unfinished.size_of(7)) == 3
    assert await units.read(lambda unit: unit.tasks.unfinished.size_of(9)) == 0


async def test_the_queue_is_watched_by_kind_and_state(units: Units[SpeechUnit], database: Database) -> None:
    clock = FakeClock()
    queue = QueueWatch(units, (TaskKind.TTS, TaskKind.ASR), clock)
    assert queue.tasks()[("TTS", "queued")] == 0
    assert queue.oldest_queued_s() == {("TTS",): 0, ("ASR",): 0}
    for task_id in ("new", "first", "second", "running"):
        await _create(units, task_id)
    for task_id in ("first", "second", "running"):
        await units.write(lambda unit, key=task_id: unit.tasks.queue(key, hold_id="h", credits=1))
    await units.write(lambda unit: unit.tasks.leases.claim("running", "w#1", lease_s=30))
    await queue.step()
    clock.advance(12.0)
    counted = {labels: number for labels, number in queue.tasks().items() if number}
    assert counted == {("TTS", "new"): 1, ("TTS", "queued"): 2, ("TTS", "running"): 1}
    assert queue.oldest_queued_s() == {("TTS",): 12.0, ("ASR",): 0}


async def test_what_was_counted_stays_while_the_database_is_away(units: Units[SpeechUnit], database: Database) -> None:
    queue = QueueWatch(units, (TaskKind.TTS,), FakeClock())
    await _create(units, "waiting")
    await queue.step()
    await database.write(lambda connection: connection.execute(text("DROP TABLE tasks")))
    stop = asyncio.Event()
    running = asyncio.create_task(queue.run(stop))
    await asyncio.sleep(0)
    stop.set()
    await running
    assert queue.tasks()[("TTS", "new")] == 1


async def test_a_freed_request_id_names_another_task(units: Units[SpeechUnit]) -> None:
    await _create(units, "first", request_id="r-1")
    await units.write(lambda unit: unit.tasks.unfinished.free_request_id("first"))
    assert await units.read(lambda unit: unit.tasks.find_by_request(7, "r-1")) is None
    await _create(units, "second", request_id="r-1")
    found = await units.read(lambda unit: unit.tasks.find_by_request(7, "r-1"))
    assert found is not None
    assert found.id == "second"


async def test_the_count_of_a_user_uses_the_index(units: Units[SpeechUnit], database: Database) -> None:
    query = "SELECT count(*) FROM tasks WHERE state IN ('NEW', 'QUEUED', 'RUNNING') AND user_id = 7"
    plan = await database.read(lambda connection: _plan(connection, query))
    assert "ix_tasks_user_id_state " in plan


def _plan(connection: Connection, query: str) -> str:
    if connection.dialect.name == "sqlite":
        return str(connection.execute(text(f"EXPLAIN QUERY PLAN {query}")).all())
    # An empty table is read whole wherever that is allowed.
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    return str(connection.execute(text(f"EXPLAIN {query}")).all())
