"""What readers of events tell: what came of deliveries, how late they are, and what is left."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from kit.events.bus import BusUnavailable
from kit.events.consumer import Consumer
from kit.events.measures import BacklogGauges, BacklogWatch, ConsumerMeasures
from kit.events.memory import MemoryBus
from kit.events.streams import DEAD_LETTERS, EVENTS
from kit.observability import catalogue
from kit.observability.metrics import Metrics
from kit.rpc.times import timestamp_of
from tests.fakes.clock import FakeClock
from tests.polling import eventually
from voxreel.common.v1.event_pb2 import EventEnvelope

DURABLE = "billing--settlement"


class World:
    """A broker, a reader that cannot apply what is called poison, and its metrics."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.bus = MemoryBus(self.clock)
        self.metrics = Metrics("billing")
        counted, lag = self.metrics.counter(catalogue.CONSUMER_EVENTS), self.metrics.gauge(catalogue.CONSUMER_LAG)
        measures = ConsumerMeasures(counted, lag, self.clock)
        self.consumer = Consumer(self.bus, DURABLE, self.apply, subjects=["evt.>"], pauses_s=(1.0,), measures=measures)
        pending, dead = (self.metrics.gauge(each) for each in (catalogue.CONSUMER_PENDING, catalogue.DEAD_LETTERS))
        self.watch = BacklogWatch(self.bus, DURABLE, BacklogGauges(pending, dead))

    async def apply(self, envelopes: Sequence[EventEnvelope]) -> None:
        if any(envelope.id == "poison" for envelope in envelopes):
            raise RuntimeError("poison")

    async def publish(self, event_id: str) -> None:
        body = EventEnvelope(id=event_id, type="t", time=timestamp_of(self.clock.now())).SerializeToString()
        await self.bus.publish("evt.speech.task.succeeded", body, message_id=event_id)

    def told(self, name: str, **labels: str) -> float | None:
        said = {"app": "billing", "consumer": DURABLE, **labels}
        series = name + "{" + ",".join(f'{key}="{value}"' for key, value in sorted(said.items())) + "} "
        found = [line for line in self.metrics.render().decode().splitlines() if line.startswith(series)]
        return float(found[0].removeprefix(series)) if found else None


@pytest.fixture
async def world() -> World:
    made = World()
    for stream in (EVENTS, DEAD_LETTERS):
        await made.bus.ensure_stream(stream)
    return made


async def test_deliveries_are_counted_by_what_came_of_them(world: World) -> None:
    for event_id in ("e1", "poison", "e2"):
        await world.publish(event_id)
    await world.consumer.step()
    world.clock.advance(1)
    await world.consumer.step()
    await world.bus.publish("evt.speech.task.failed", b"\xff", message_id="no event")
    await world.consumer.step()
    counted = {
        outcome: world.told("voxreel_consumer_events_total", outcome=outcome)
        for outcome in ("applied", "failed", "buried")
    }
    assert counted == {"applied": 2, "failed": 2, "buried": 2}


async def test_events_are_as_late_as_the_oldest_of_them(world: World) -> None:
    await world.publish("e1")
    world.clock.advance(90)
    await world.publish("e2")
    await world.consumer.step()
    assert world.told("voxreel_consumer_lag_seconds") == 90
    await world.consumer.step()
    assert world.told("voxreel_consumer_lag_seconds") == 0


async def test_what_is_left_is_asked_of_the_broker(world: World) -> None:
    with pytest.raises(BusUnavailable):
        await world.watch.step()
    assert world.told("voxreel_dead_letters") is None
    await world.consumer.step()
    for event_id in ("e1", "poison"):
        await world.publish(event_id)
    await world.watch.step()
    assert (world.told("voxreel_consumer_pending_events"), world.told("voxreel_dead_letters")) == (2, 0)
    await world.consumer.step()
    world.clock.advance(1)
    await world.consumer.step()
    await world.watch.step()
    assert (world.told("voxreel_consumer_pending_events"), world.told("voxreel_dead_letters")) == (0, 1)


async def test_what_is_known_stays_while_the_broker_is_away(world: World) -> None:
    await world.consumer.step()
    await world.publish("e1")
    stop = asyncio.Event()
    running = asyncio.create_task(world.watch.run(stop))
    await eventually(lambda: world.told("voxreel_consumer_pending_events") == 1)
    world.bus.disconnect()
    with pytest.raises(BusUnavailable):
        await world.watch.step()
    stop.set()
    async with asyncio.timeout(10):
        await running
    assert world.told("voxreel_consumer_pending_events") == 1
