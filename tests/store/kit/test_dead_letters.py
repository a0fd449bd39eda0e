"""Dead letters of a real broker, as an operator treats them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from kit.events.consumer import Consumer
from kit.events.dead_letters import DeadLetters, NoSuchLetter
from kit.events.nats_bus import NatsBus
from kit.events.nats_session import NatsSession
from kit.events.streams import DEAD_LETTERS, EVENTS
from tests.nats import NatsServer
from voxreel.common.v1.event_pb2 import EventEnvelope

SUBJECT = "evt.speech.task.succeeded"


@dataclass
class Reader:
    """A consumer that refuses everything until its cause is removed."""

    durable: str
    is_broken: bool = True
    applied: list[str] = field(default_factory=list)

    async def __call__(self, envelopes: Sequence[EventEnvelope]) -> None:
        if self.is_broken:
            raise RuntimeError("as told")
        self.applied.extend(envelope.id for envelope in envelopes)


@dataclass
class World:
    bus: NatsBus
    letters: DeadLetters
    reader: Reader
    consumer: Consumer
    other: Reader
    other_consumer: Consumer

    async def publish(self, *event_ids: str) -> None:
        for event_id in event_ids:
            body = EventEnvelope(id=event_id, type="voxreel.task.v1.TaskSucceeded").SerializeToString()
            await self.bus.publish(SUBJECT, body, message_id=event_id, headers={"Voxreel-Request-Id": "r"})

    async def bury(self, *event_ids: str) -> None:
        await self.publish(*event_ids)
        assert await self.consumer.step(1.0) == len(event_ids)


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with NatsServer(tmp_path) as server, NatsBus(server.url, name="test") as bus:
        await bus.wait_connected(10)
        await bus.ensure_stream(EVENTS)
        await bus.ensure_stream(DEAD_LETTERS)
        reader, other = Reader("billing--settlement"), Reader("auth--projections", is_broken=False)
        session = await NatsSession.connect([server.url], name="operator")
        yield World(
            bus,
            DeadLetters(session),
            reader,
            # No second attempt: what fails is given up at once.
            Consumer(bus, reader.durable, reader, subjects=["evt.*.task.succeeded"], pauses_s=()),
            other,
            Consumer(bus, other.durable, other, subjects=["evt.>"], pauses_s=()),
        )
        await session.close()


async def test_what_was_given_up_is_listed_with_its_cause(world: World) -> None:
    await world.bury("e1", "e2")
    first, second = await world.letters.page(limit=10)
    assert (first.number, second.number) == (1, 2)
    assert {first.event_id, second.event_id} == {"e1", "e2"}
    assert (first.consumer, first.subject, first.cause) == ("billing--settlement", SUBJECT, "RuntimeError")
    assert first.event_type == "voxreel.task.v1.TaskSucceeded"
    assert first.buried_time is not None
    assert [letter.number for letter in await world.letters.page(limit=1)] == [1]
    assert [letter.number for letter in await world.letters.page(limit=10, after=1)] == [2]


async def test_a_retry_reaches_the_one_who_gave_up_and_nobody_else(world: World) -> None:
    await world.bury("e1")
    assert await world.other_consumer.step(1.0) == 1
    world.reader.is_broken = False
    await world.letters.retry(1)
    assert await world.letters.page(limit=10) == []
    assert await world.consumer.step(1.0) == 1
    assert world.reader.applied == ["e1"]
    assert await world.other_consumer.step(0.0) == 0
    assert world.other.applied == ["e1"]


async def test_what_fails_again_is_given_up_again_under_its_first_subject(world: World) -> None:
    await world.bury("e1")
    await world.letters.retry(1)
    assert await world.consumer.step(1.0) == 1
    (letter,) = await world.letters.page(limit=10)
    assert (letter.number, letter.subject, letter.event_id) == (2, SUBJECT, "e1")


async def test_a_dropped_letter_is_gone(world: World) -> None:
    await world.bury("e1", "e2")
    await world.letters.drop(1)
    assert [letter.number for letter in await world.letters.page(limit=10)] == [2]
    for act in (world.letters.drop, world.letters.retry):
        with pytest.raises(NoSuchLetter):
            await act(1)
    world.reader.is_broken = False
    assert await world.consumer.step(0.0) == 0


async def test_what_is_no_event_is_listed_all_the_same(world: World) -> None:
    await world.bus.publish(SUBJECT, b"\xff\xff", message_id="broken")
    assert await world.consumer.step(1.0) == 1
    (letter,) = await world.letters.page(limit=10)
    assert (letter.event_type, letter.cause) == ("", "not_an_event")
