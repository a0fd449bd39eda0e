"""Readers of events: once per event whatever is delivered, and nothing that fails is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
import pytest_asyncio

from kit.db.database import Database
from kit.db.uow import Units
from kit.events.bus import ConsumerSpec, InboundMessage
from kit.events.consumer import Consumer
from kit.events.housekeeping import InboxPruner
from kit.events.memory import MemoryBus
from kit.events.streams import DEAD_LETTERS, EVENTS
from tests.fakes.clock import FakeClock
from tests.polling import eventually
from tests.sample_service import EVENT_TABLES, SampleUnit, make_tables, sample_units
from voxreel.common.v1.event_pb2 import EventEnvelope

DURABLE = "billing--settlement"
SUBJECT = "evt.speech.task.succeeded"


class Setup:
    """A broker and a reader whose effect is to collect ids, under the protection of its inbox."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = FakeClock()
        self.bus = MemoryBus(self.clock)
        self.units: Units[SampleUnit] = sample_units(database, self.clock)
        self.applied: list[str] = []
        self.calls: list[list[str]] = []
        self.failures = 0
        self.consumer = self.new_consumer()

    def new_consumer(self) -> Consumer:
        return Consumer(self.bus, DURABLE, self.apply, subjects=["evt.>"], pauses_s=(1.0, 5.0))

    async def apply(self, envelopes: Sequence[EventEnvelope]) -> None:
        event_ids = [envelope.id for envelope in envelopes]
        self.calls.append(event_ids)
        if self.failures > 0:
            self.failures -= 1
            raise RuntimeError("as told")
        if "poison" in event_ids:
            raise RuntimeError("poison")
        new = await self.units.write(lambda unit: unit.inbox.first_times(DURABLE, event_ids))
        self.applied.extend(sorted(new))

    async def publish(self, event_id: str, *, message_id: str | None = None) -> None:
        envelope = EventEnvelope(id=event_id, type="t", request_id=f"request-{event_id}")
        body = envelope.SerializeToString()
        await self.bus.publish(SUBJECT, body, message_id=message_id or event_id)

    async def dead_letters(self) -> list[InboundMessage]:
        spec = ConsumerSpec(DEAD_LETTERS.name, "ops--letters", ("dlq.billing.settlement",))
        return list(await self.bus.consume(spec).fetch(10, 0))


@pytest_asyncio.fixture
async def setup(database: Database) -> Setup:
    await make_tables(database)
    made = Setup(database)
    await made.bus.ensure_stream(EVENTS)
    await made.bus.ensure_stream(DEAD_LETTERS)
    return made


async def test_events_that_came_together_are_applied_together(setup: Setup) -> None:
    for event_id in ("e1", "e2", "e3"):
        await setup.publish(event_id)
    assert await setup.consumer.step() == 3
    assert setup.applied == ["e1", "e2", "e3"]
    assert [sorted(call) for call in setup.calls] == [["e1", "e2", "e3"]]
    setup.clock.advance(60)
    assert await setup.consumer.step() == 0


async def test_one_event_that_cannot_be_applied_keeps_no_other_back(setup: Setup) -> None:
    for event_id in ("e1", "poison", "e2"):
        await setup.publish(event_id)
    assert await setup.consumer.step() == 3
    assert sorted(setup.applied) == ["e1", "e2"]
    for _ in range(2):
        setup.clock.advance(5)
        assert await setup.consumer.step() == 1
    assert setup.applied.count("e1") == 1
    [letter] = await setup.dead_letters()
    assert EventEnvelope.FromString(letter.body).id == "poison"


async def test_the_same_event_published_twice_is_applied_once(setup: Setup) -> None:
    await setup.publish("e1", message_id="first")
    await setup.publish("e1", message_id="second")
    assert await setup.consumer.step() == 2
    assert setup.applied == ["e1"]


async def test_a_lost_acknowledgement_does_not_repeat_the_effect(setup: Setup) -> None:
    async def apply_and_lose(envelopes: Sequence[EventEnvelope]) -> None:
        await setup.apply(envelopes)
        setup.bus.disconnect()

    losing = Consumer(setup.bus, DURABLE, apply_and_lose, subjects=["evt.>"])
    await setup.publish("e1")
    assert await losing.step() == 1
    setup.bus.connect()
    setup.clock.advance(31)
    assert await setup.consumer.step() == 1
    assert setup.applied == ["e1"]


async def test_a_reader_slower_than_the_broker_waits_loses_and_repeats_nothing(setup: Setup) -> None:
    """Each batch is delivered to somebody else while the first reader is still at it."""

    async def apply_slowly(envelopes: Sequence[EventEnvelope]) -> None:
        setup.clock.advance(31)
        await setup.consumer.step()
        await setup.apply(envelopes)

    slow = Consumer(setup.bus, DURABLE, apply_slowly, subjects=["evt.>"])
    ids = [f"e{number}" for number in range(200)]
    for event_id in ids:
        await setup.publish(event_id)
    while await slow.step():
        setup.clock.advance(31)
    assert sorted(setup.applied) == sorted(ids)
    assert sum(len(call) for call in setup.calls) > len(ids)
    assert await setup.dead_letters() == []


async def test_a_failed_transaction_leaves_no_trace_in_the_inbox(setup: Setup) -> None:
    def apply_and_fail(unit: SampleUnit) -> None:
        assert unit.inbox.first_times(DURABLE, ["e1"])
        raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError, match="rolled back"):
        await setup.units.write(apply_and_fail)
    assert await setup.units.write(lambda unit: unit.inbox.first_times(DURABLE, ["e1"]))
    assert not await setup.units.write(lambda unit: unit.inbox.first_times(DURABLE, ["e1"]))
    assert await setup.units.write(lambda unit: unit.inbox.first_times("auth--activities", ["e1"]))


async def test_a_transient_failure_is_tried_again_after_growing_pauses(setup: Setup) -> None:
    setup.failures = 2
    await setup.publish("e1")
    assert await setup.consumer.step() == 1
    setup.clock.advance(0.9)
    assert await setup.consumer.step() == 0
    setup.clock.advance(0.1)
    assert await setup.consumer.step() == 1
    setup.clock.advance(4.9)
    assert await setup.consumer.step() == 0
    setup.clock.advance(0.1)
    assert await setup.consumer.step() == 1
    assert setup.applied == ["e1"]
    assert await setup.dead_letters() == []


async def test_what_keeps_failing_goes_to_the_dead_letters_with_its_cause(setup: Setup) -> None:
    setup.failures = 100
    await setup.publish("e1")
    for _ in range(3):
        await setup.consumer.step()
        setup.clock.advance(5)
    [letter] = await setup.dead_letters()
    assert EventEnvelope.FromString(letter.body).id == "e1"
    assert letter.headers == {"Voxreel-Subject": SUBJECT, "Voxreel-Cause": "RuntimeError"}
    setup.clock.advance(3600)
    assert await setup.consumer.step() == 0


async def test_an_event_that_kills_its_reader_is_given_up_without_being_handled(setup: Setup) -> None:
    await setup.publish("e1")
    spec = ConsumerSpec(EVENTS.name, DURABLE, ("evt.>",))
    for _ in range(3):
        assert len(await setup.bus.consume(spec).fetch(1, 0)) == 1
        setup.clock.advance(31)
    assert await setup.consumer.step() == 1
    assert setup.applied == []
    [letter] = await setup.dead_letters()
    assert letter.headers["Voxreel-Cause"] == "attempts_exhausted"


async def test_what_is_not_an_event_goes_to_the_dead_letters_at_once(setup: Setup) -> None:
    await setup.bus.publish(SUBJECT, b"\xff\xff not an envelope", message_id="m1")
    assert await setup.consumer.step() == 1
    [letter] = await setup.dead_letters()
    assert letter.headers["Voxreel-Cause"] == "not_an_event"


async def test_the_running_reader_outlives_its_broker(setup: Setup) -> None:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(setup.consumer.run(stop))
        await setup.publish("e1")
        await eventually(lambda: setup.applied == ["e1"])
        setup.bus.wipe()
        await setup.bus.ensure_stream(EVENTS)
        await setup.publish("e2")
        await eventually(lambda: setup.applied == ["e1", "e2"])
        stop.set()


async def test_after_many_it_waits_for_more_and_stopping_ends_the_wait(setup: Setup) -> None:
    consumer = Consumer(setup.bus, DURABLE, setup.apply, subjects=["evt.>"], gathering_s=3600)
    stop = asyncio.Event()
    for number in range(20):
        await setup.publish(f"e{number}")
    async with asyncio.TaskGroup() as group:
        group.create_task(consumer.run(stop))
        await eventually(lambda: len(setup.applied) == 20)
        await setup.publish("late")
        stop.set()
    assert len(setup.calls) == 1
    assert await setup.consumer.step() == 1
    assert setup.applied[-1] == "late"


async def test_old_inbox_rows_are_pruned(setup: Setup) -> None:
    pruner = InboxPruner(setup.database, EVENT_TABLES.inbox, setup.clock)
    await setup.units.write(lambda unit: unit.inbox.first_times(DURABLE, ["old"]))
    setup.clock.advance(timedelta(days=30).total_seconds())
    await setup.units.write(lambda unit: unit.inbox.first_times(DURABLE, ["young"]))
    assert await pruner.step() == 0
    setup.clock.advance(1)
    assert await pruner.step() == 1
    assert not await setup.units.write(lambda unit: unit.inbox.first_times(DURABLE, ["young"]))
