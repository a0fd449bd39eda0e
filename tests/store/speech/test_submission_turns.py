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
    replicas = (SharedTurns(units), SharedTurns(units))
    limit = Limit("fast", 50)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await asyncio.gather(*(replica.take(limit, within_s=5) for replica in replicas for _ in range(5)))
    assert loop.time() - started >= 9 / 50 - 0.01
    with pytest.raises(NoTurn):
        await asyncio.gather(*(replicas[0].take(Limit("slow", 0.1), within_s=1) for _ in range(2)))
