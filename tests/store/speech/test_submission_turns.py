"""Turns on both engines: however many ask at once, submissions keep their distance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from kit.db.uow import Units
from kit.events.envelope import EventSource
from kit.ids import RandomIds
from services.speech.engines.dashscope.turns import Limit, NoTurn
from services.speech.store.uow import SpeechUnit
from services.speech.usecases.turns import SharedTurns
from tests.fakes.clock import FakeClock
from tests.store.migrated import migrated_database

INTERVAL_US = 1_000_000


@pytest.fixture
async def units(database_url: str) -> AsyncIterator[Units[SpeechUnit]]:
    events = EventSource("speech", RandomIds(), FakeClock())
    async with migrated_database(database_url, "speech") as database:
        yield Units(database, lambda connection: SpeechUnit(connection, events))


async def _reserve(units: Units[SpeechUnit], name: str = "a", *, within_us: int = 3_600_000_000) -> int | None:
    return await units.write(lambda unit: unit.turns.reserve(name, interval_us=INTERVAL_US, within_us=within_us))


async def test_turns_follow_each_other_at_the_interval(units: Units[SpeechUnit]) -> None:
    waits = await asyncio.gather(*(_reserve(units) for _ in range(8)))
    found = sorted(wait for wait in waits if wait is not None)
    assert len(found) == 8
    assert found[0] < INTERVAL_US / 10
    for place, wait in enumerate(found):
        assert place * INTERVAL_US - INTERVAL_US < wait <= place * INTERVAL_US
    assert await _reserve(units, "b") == 0, "limits know nothing of each other"


async def test_a_turn_too_late_is_not_reserved(units: Units[SpeechUnit]) -> None:
    assert await _reserve(units) == 0
    assert await _reserve(units, within_us=INTERVAL_US // 2) is None
    second = await _reserve(units)
    assert second is not None
    assert second <= INTERVAL_US, "the refused one took no turn"


async def test_replicas_share_a_limit(units: Units[SpeechUnit]) -> None:
    replicas = _replicas(units)
    limit = Limit("fast", 50)

    async def submit(replica: SharedTurns, limit: Limit) -> None:
        async with replica.turn(limit, within_s=60):
            pass

    loop = asyncio.get_running_loop()
    started = loop.time()
    await asyncio.gather(*(submit(replica, limit) for replica in replicas for _ in range(5)))
    assert loop.time() - started >= 9 / 50 - 0.01
    with pytest.raises(NoTurn):
        await asyncio.gather(*(submit(replicas[0], Limit("slow", 0.001)) for _ in range(2)))


async def test_replicas_share_what_may_run(units: Units[SpeechUnit]) -> None:
    limit = Limit("narrow", 1000, most_running=2)
    running = most = 0
    # Opens when two are there: they do run at the same time.
    barrier = asyncio.Barrier(2)

    async def work(replica: SharedTurns) -> None:
        nonlocal running, most
        async with replica.turn(limit, within_s=60):
            running += 1
            most = max(most, running)
            await barrier.wait()
            running -= 1

    await asyncio.gather(*(work(replica) for replica in _replicas(units) for _ in range(4)))
    assert most == 2


async def test_who_waits_too_long_for_a_place_is_told_and_a_dead_holder_loses_it(units: Units[SpeechUnit]) -> None:
    limit = Limit("one", 1000, most_running=1)
    (replica, other) = _replicas(units)
    async with replica.turn(limit, within_s=60):
        with pytest.raises(NoTurn):
            async with other.turn(limit, within_s=0.05):
                pass
    assert await _enter(units, "dead", lease_us=-1)
    assert await _enter(units, "alive", lease_us=1_000_000)
    assert not await _enter(units, "third", lease_us=1_000_000)
    await units.write(lambda unit: unit.running.leave("one", "alive"))
    assert await _enter(units, "third", lease_us=1_000_000)


def _replicas(units: Units[SpeechUnit]) -> tuple[SharedTurns, SharedTurns]:
    return SharedTurns(units, RandomIds(), look_s=0.01), SharedTurns(units, RandomIds(), look_s=0.01)


async def _enter(units: Units[SpeechUnit], holder: str, *, lease_us: int) -> bool:
    return await units.write(lambda unit: unit.running.enter("one", holder, most=1, lease_us=lease_us))
