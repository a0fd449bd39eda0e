"""What every broker must do; the same suite runs against the one in memory and a real NATS server."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from kit.clock import SystemClock
from kit.events.bus import Bus, BusUnavailable, ConsumerSpec, InboundMessage, Subscription
from kit.events.memory import MemoryBus
from kit.events.nats_bus import NatsBus
from kit.events.streams import EVENTS, StreamSpec, work_stream
from tests.nats import NatsServer
from tests.polling import eventually

WORK = work_stream("speech")


class Broker:
    """A bus, and what can happen to the broker behind it."""

    def __init__(self, bus: Bus, server: NatsServer | MemoryBus) -> None:
        self.bus = bus
        self._server = server

    async def ensure(self, *specs: StreamSpec) -> None:
        for spec in specs:
            await self.bus.ensure_stream(spec)

    async def go_away(self) -> None:
        if isinstance(self._server, MemoryBus):
            self._server.disconnect()
        else:
            await self._server.stop()
        await eventually(lambda: not self.bus.is_connected)

    async def come_back(self) -> None:
        if isinstance(self._server, MemoryBus):
            self._server.restart()
        else:
            await self._server.start()
        await eventually(lambda: self.bus.is_connected)

    async def lose_storage(self) -> None:
        if isinstance(self._server, MemoryBus):
            self._server.wipe()
        else:
            await self._server.wipe()
        await eventually(lambda: self.bus.is_connected)


@pytest_asyncio.fixture(params=["memory", "nats"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Broker]:
    if request.param == "memory":
        bus = MemoryBus(SystemClock())
        yield Broker(bus, bus)
        return
    async with NatsServer(tmp_path) as server, NatsBus(server.url, name="test") as nats:
        await nats.wait_connected(5)
        yield Broker(nats, server)


def consumer(name: str = "billing--settlement", *, ack_wait_s: float = 30.0) -> ConsumerSpec:
    return ConsumerSpec(EVENTS.name, name, ("evt.speech.>",), ack_wait_s=ack_wait_s)


async def publish(bus: Bus, text: str, *, subject: str = "evt.speech.task.queued") -> None:
    await bus.publish(subject, text.encode(), message_id=f"id-{text}", headers={"X-Test": text})


async def take(subscription: Subscription, count: int, *, within_s: float = 10.0) -> list[InboundMessage]:
    """Fetches until `count` messages have come."""
    taken: list[InboundMessage] = []

    async def enough() -> bool:
        try:
            taken.extend(await subscription.fetch(count - len(taken), 0.5))
        except BusUnavailable:
            return False
        return len(taken) >= count

    await eventually(enough, within_s=within_s)
    return taken


def texts(messages: list[InboundMessage]) -> list[str]:
    return [message.body.decode() for message in messages]


async def test_a_message_arrives_with_its_parts(broker: Broker) -> None:
    await broker.ensure(EVENTS)
    await publish(broker.bus, "a")
    [message] = await take(broker.bus.consume(consumer()), 1)
    assert (message.subject, message.body, message.message_id) == ("evt.speech.task.queued", b"a", "id-a")
    assert (message.headers["X-Test"], message.delivery) == ("a", 1)


async def test_a_waiting_reader_gets_the_message_when_it_comes(broker: Broker) -> None:
    await broker.ensure(EVENTS)
    subscription = broker.bus.consume(consumer())
    assert len(await subscription.fetch(5, 0)) == 0
    await publish(broker.bus, "a")
    assert texts(list(await subscription.fetch(5, 5.0))) == ["a"]


async def test_the_same_id_is_stored_once(broker: Broker) -> None:
    await broker.ensure(EVENTS)
    await publish(broker.bus, "a")
    await publish(broker.bus, "a")
    await publish(broker.bus, "b")
    assert texts(await take(broker.bus.consume(consumer()), 2)) == ["a", "b"]


async def test_a_reader_sees_only_its_subjects(broker: Broker) -> None:
    await broker.ensure(EVENTS)
    await publish(broker.bus, "other", subject="evt.video.task.queued")
    await publish(broker.bus, "mine")
    assert texts(await take(broker.bus.consume(consumer()), 1)) == ["mine"]


async def test_the_position_is_durable_and_shared_by_name(broker: Broker) -> None:
    await broker.ensure(EVENTS)
    first = broker.bus.consume(consumer())
    await publish(broker.bus, "a")
    await publish(broker.bus, "b")
    [message] = await take(first, 1)
    await message.ack()
    await first.close()
    assert texts(await take(broker.bus.consume(consumer()), 1)) == ["b"]
    assert texts(await take(broker.bus.consume(consumer("auth--activities")), 2)) == ["a", "b"]


async def test_a_lost_acknowledgement_means_another_delivery(broker: Broker) -> None:
    await broker.ensure(EVENTS)
    subscription = broker.bus.consume(consumer(ack_wait_s=0.3))
    await publish(broker.bus, "a")
    assert [message.delivery for message in await take(subscription, 2)] == [1, 2]


async def test_progress_postpones_the_next_delivery(broker: Broker) -> None:
    await broker.ensure(EVENTS)
    subscription = broker.bus.consume(consumer(ack_wait_s=1.0))
    await publish(broker.bus, "a")
    [message] = await take(subscription, 1)
    for _ in range(4):
        assert len(await subscription.fetch(1, 0.5)) == 0
        await message.in_progress()
    await message.ack()


async def test_a_refused_message_comes_again_after_its_delay(broker: Broker) -> None:
    await broker.ensure(EVENTS)
    subscription = broker.bus.consume(consumer())
    await publish(broker.bus, "a")
    [message] = await take(subscription, 1)
    await message.nak(0.6)
    assert len(await subscription.fetch(1, 0.3)) == 0
    [again] = await take(subscription, 1)
    assert again.delivery == 2


@pytest.mark.parametrize("answer", ["ack", "term"])
async def test_a_settled_message_never_comes_again(broker: Broker, answer: str) -> None:
    await broker.ensure(EVENTS)
    subscription = broker.bus.consume(consumer(ack_wait_s=0.3))
    await publish(broker.bus, "a")
    [message] = await take(subscription, 1)
    await getattr(message, answer)()
    assert len(await subscription.fetch(1, 1.0)) == 0


async def test_a_work_queue_hands_each_message_to_one_worker(broker: Broker) -> None:
    await broker.ensure(WORK)
    spec = ConsumerSpec(WORK.name, "speech--worker", WORK.subjects)
    one, other = broker.bus.consume(spec), broker.bus.consume(spec)
    for text in "abcd":
        await publish(broker.bus, text, subject="work.speech.tts")
    taken = texts([*await take(one, 2), *await take(other, 2)])
    assert sorted(taken) == ["a", "b", "c", "d"]


async def test_the_position_of_one_queue_becomes_one_of_several(broker: Broker) -> None:
    await broker.ensure(WORK)
    await broker.bus.consume(ConsumerSpec(WORK.name, "speech--worker", WORK.subjects)).fetch(1, 0)
    await publish(broker.bus, "a", subject="work.speech.tts")
    await publish(broker.bus, "b", subject="work.speech.asr")
    one = broker.bus.consume(ConsumerSpec(WORK.name, "speech--worker", ("work.speech.tts",)))
    assert texts(await take(one, 1)) == ["a"]
    other = broker.bus.consume(ConsumerSpec(WORK.name, "speech--worker-asr", ("work.speech.asr",)))
    assert texts(await take(other, 1)) == ["b"]
    assert not await one.fetch(1, 0)


async def test_publishing_without_the_stream_fails(broker: Broker) -> None:
    with pytest.raises(BusUnavailable):
        await publish(broker.bus, "a")


async def test_everything_fails_fast_while_the_broker_is_away(broker: Broker) -> None:
    await broker.ensure(EVENTS)
    subscription = broker.bus.consume(consumer())
    await broker.go_away()
    with pytest.raises(BusUnavailable):
        await publish(broker.bus, "a")
    with pytest.raises(BusUnavailable):
        await subscription.fetch(1, 5.0)
    with pytest.raises(BusUnavailable):
        await broker.bus.ensure_stream(EVENTS)


async def test_a_reader_goes_on_after_a_restart(broker: Broker) -> None:
    await broker.ensure(EVENTS)
    subscription = broker.bus.consume(consumer())
    await publish(broker.bus, "a")
    [message] = await take(subscription, 1)
    await message.ack()
    before = await broker.bus.ensure_stream(EVENTS)
    await broker.go_away()
    await broker.come_back()
    after = await broker.bus.ensure_stream(EVENTS)
    assert before.created == after.created
    assert before.server != after.server
    await publish(broker.bus, "b")
    assert texts(await take(subscription, 1)) == ["b"]


async def test_lost_storage_shows_in_the_stamp_and_readers_start_over(broker: Broker) -> None:
    await broker.ensure(EVENTS)
    subscription = broker.bus.consume(consumer())
    await publish(broker.bus, "a")
    await take(subscription, 1)
    before = await broker.bus.ensure_stream(EVENTS)
    await broker.lose_storage()
    with pytest.raises(BusUnavailable):
        await subscription.fetch(1, 0.5)
    after = await broker.bus.ensure_stream(EVENTS)
    assert before.created != after.created
    await publish(broker.bus, "a")
    assert texts(await take(subscription, 1)) == ["a"]


async def test_a_replaying_reader_starts_back_at_each_start(broker: Broker) -> None:
    await broker.ensure(EVENTS)
    await publish(broker.bus, "a")
    spec = ConsumerSpec(EVENTS.name, "auth--revocations", ("evt.>",), replay_s=60.0)
    for _ in range(2):
        subscription = broker.bus.consume(spec)
        [message] = await take(subscription, 1)
        await message.ack()
        assert len(await subscription.fetch(1, 0.3)) == 0
        await subscription.close()


async def test_ensuring_a_stream_again_keeps_it(broker: Broker) -> None:
    first = await broker.bus.ensure_stream(EVENTS)
    await publish(broker.bus, uuid.uuid4().hex)
    assert await broker.bus.ensure_stream(EVENTS) == first
    assert len(await take(broker.bus.consume(consumer()), 1)) == 1
