"""Lists, positions and counts of tasks against a model of random tasks, on both engines."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import Connection, text

from kit.db.database import Database
from kit.tasks.model import Task, TaskKind, TaskState
from kit.tasks.pages import TaskFilter, TaskPages, TaskPlace
from tests.fakes.clock import FakeClock
from tests.sample_service import TASKS, SampleUnit, make_tables, new_task, sample_units

USERS = (7, 8, 9)
KINDS = (TaskKind.TTS, TaskKind.ASR)
FILTERS = (
    TaskFilter(),
    TaskFilter(user_id=7),
    TaskFilter(kinds=(TaskKind.ASR,)),
    TaskFilter(user_id=8, states=(TaskState.NEW, TaskState.CANCELLED)),
    TaskFilter(user_id=99),
)


class Filled:
    """A table of random tasks, and the same tasks in the order of the list."""

    def __init__(self, database: Database, model: list[Task]) -> None:
        self.database = database
        self.pages = TaskPages(database, TASKS)
        self.model = model

    def passing(self, wanted: TaskFilter) -> list[Task]:
        return [
            task
            for task in self.model
            if wanted.user_id in (None, task.user_id)
            and (not wanted.kinds or task.kind in wanted.kinds)
            and (not wanted.states or task.state in wanted.states)
        ]


@pytest_asyncio.fixture
async def filled(database: Database) -> Filled:
    await make_tables(database)
    chance, clock = random.Random(4), FakeClock()
    units = sample_units(database, clock)

    def fill(unit: SampleUnit, numbers: range) -> None:
        for number in numbers:
            task = unit.tasks.create(new_task(number, user_id=chance.choice(USERS), kind=chance.choice(KINDS)))
            if chance.random() < 0.4:
                unit.tasks.cancel(task.id)

    # Many tasks of one moment, and neighbours a microsecond apart.
    for start in range(0, 90, 10):
        await units.write(lambda unit, numbers=range(start, start + 10): fill(unit, numbers))
        clock.advance(chance.choice((timedelta(microseconds=1).total_seconds(), 5.0)))
    model = await units.read(lambda unit: [unit.tasks.get(f"tts_{number}") for number in range(90)])
    return Filled(database, sorted(model, key=lambda task: (task.create_time, task.id), reverse=True))


@pytest.mark.parametrize("wanted", FILTERS)
async def test_pages_are_those_of_the_model(filled: Filled, wanted: TaskFilter) -> None:
    expected = filled.passing(wanted)
    for skip in range(0, len(expected) + 20, 13):
        tasks, total = await filled.pages.page(wanted, limit=13, skip=skip)
        assert (tasks, total) == (expected[skip : skip + 13], len(expected))


@pytest.mark.parametrize("wanted", FILTERS)
async def test_places_and_positions_are_each_others_inverse(filled: Filled, wanted: TaskFilter) -> None:
    expected = filled.passing(wanted)
    for position in range(0, len(expected), 7):
        place = await filled.pages.place_at(wanted, position)
        assert place == TaskPlace(expected[position].create_time, expected[position].id)
        assert await filled.pages.count_before(wanted, place) == position
        tasks, total = await filled.pages.page(wanted, limit=5, begin=place)
        assert (tasks, total) == (expected[position : position + 5], len(expected))
    assert await filled.pages.place_at(wanted, len(expected)) is None


async def test_a_place_where_no_task_stands_has_a_position_too(filled: Filled) -> None:
    task = filled.model[30]
    between = TaskPlace(task.create_time, task.id + "0")
    assert await filled.pages.count_before(TaskFilter(), between) == 30
    tasks, _ = await filled.pages.page(TaskFilter(), limit=1, begin=between)
    assert tasks == [task]


@pytest.mark.parametrize("wanted", FILTERS)
async def test_counts_are_those_of_the_model(filled: Filled, wanted: TaskFilter) -> None:
    assert await filled.pages.counts(wanted) == Counter((task.kind, task.state) for task in filled.passing(wanted))


async def test_users_come_once_each_with_their_latest_task(filled: Filled) -> None:
    latest = {task.user_id: task.create_time for task in reversed(filled.model)}
    users = await filled.pages.users(after_user_id=None, limit=2)
    users += await filled.pages.users(after_user_id=users[-1][0], limit=2)
    assert users == sorted(latest.items())


@pytest.mark.parametrize(
    "query",
    [
        "SELECT create_time, id FROM task WHERE user_id = 7 AND state IN ('NEW') ORDER BY create_time DESC, id DESC",
        "SELECT create_time, id FROM task WHERE kind = 'TTS' ORDER BY create_time DESC, id DESC",
    ],
)
async def test_lists_are_read_in_order_from_an_index(filled: Filled, query: str) -> None:
    plan = await filled.database.read(lambda connection: _plan(connection, query))
    assert "create_time_id_kind_state" in plan
    assert "B-TREE" not in plan and "Sort" not in plan


def _plan(connection: Connection, query: str) -> str:
    if connection.dialect.name == "sqlite":
        return str(connection.execute(text(f"EXPLAIN QUERY PLAN {query}")).all())
    # So few rows are read whole wherever that is allowed.
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    connection.execute(text("SET LOCAL enable_sort = off"))
    connection.execute(text("SET LOCAL enable_bitmapscan = off"))
    return str(connection.execute(text(f"EXPLAIN {query}")).all())
