"""The outbox and its relay, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest
import pytest_asyncio
from sqlalchemy import select

from kit.db.database import Database
from kit.db.uow import Units
from kit.events.bus import NO_HEADERS, BusUnavailable, ConsumerSpec, InboundMessage, Publication, StreamStamp
from kit.events.memory import MemoryBus
from kit.events.relay import Relay
from kit.events.streams import EVENTS, StreamSpec, work_stream
from kit.rpc.context import CallContext, bind_call, unbind_call
from tests.fakes.clock import FakeClock
from tests.polling import eventually
from tests.sample_service import EVENT_TABLES, SERVICE, SampleUnit, make_tables, sample_units
from voxreel.common.v1.event_pb2 import EventEnvelope
from voxreel.task.v1.events_pb2 import TaskQueued

STREAMS = (EVENTS, work_stream(SERVICE))


class FakeFlakyBus(MemoryBus):
    """Fails the next publications: before the broker has the message, or after, when only the answer is lost."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.failing: set[str] = set()
        self.batches: list[int] = []
        self.is_answer_lost = False
        self.node = ""

    async def ensure_stream(self, spec: StreamSpec) -> StreamStamp:
        stamp = await super().ensure_stream(spec)
        return StreamStamp(stamp.created, self.node, f"{self.node} {stamp.server}")

    async def publish_all(self, publications: Sequence[Publication]) -> Sequence[Exception | None]:
        self.batches.append(len(publications))
        return await super().publish_all(publications)

    async def publish(
        self, subject: str, body: bytes, *, message_id: str, headers: Mapping[str, str] = NO_HEADERS
    ) -> None:
        if message_id in self.failing:
            raise BusUnavailable("as told")
        await super().publish(subject, body, message_id=message_id, headers=headers)
        if self.is_answer_lost:
            raise BusUnavailable("answer lost")


class Setup:
    """One service with its relay."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = FakeClock()
        self.bus = FakeFlakyBus(self.clock)
        self.units: Units[SampleUnit] = sample_units(database, self.clock)
        self.relay = self.new_relay()

    def new_relay(self) -> Relay:
        return Relay(self.database, EVENT_TABLES, self.bus, streams=STREAMS, clock=self.clock)

    async def add(self, count: int = 1) -> list[str]:
        """Ids of events added in one transaction."""

        def work(unit: SampleUnit) -> list[str]:
            made = [
                unit.events.event("evt.speech.task.queued", TaskQueued(task_id=f"t{number}"), user_id=7)
                for number in range(count)
            ]
            for event in made:
                unit.outbox.add(event)
            return [event.id for event in made]

        return await self.units.write(work)

    async def received(self, durable: str = "billing--settlement") -> list[InboundMessage]:
        spec = ConsumerSpec(EVENTS.name, durable, ("evt.>",))
        return list(await self.bus.consume(spec).fetch(1000, 0))

    async def unsent(self) -> int:
        columns = EVENT_TABLES.outbox.c
        statement = select(columns.id).where(columns.sent_time.is_(None))
        return len(await self.database.read(lambda connection: connection.execute(statement).all()))

    async def rows(self) -> int:
        return len(
            await self.database.read(lambda connection: connection.execute(select(EVENT_TABLES.outbox.c.id)).all())
        )


@pytest_asyncio.fixture
async def setup(database: Database) -> Setup:
    await make_tables(database)
    made = Setup(database)
    await made.relay.check_streams()
    return made


async def test_a_committed_event_arrives_with_its_context(setup: Setup) -> None:
    token = bind_call(CallContext(request_id="r1", trace_parent="00-aa-bb-01"))
    try:
        [event_id] = await setup.add()
    finally:
        unbind_call(token)
    assert await setup.relay.step() == 1
    [message] = await setup.received()
    envelope = EventEnvelope.FromString(message.body)
    assert (envelope.id, message.message_id) == (event_id, event_id)
    assert (envelope.request_id, envelope.trace_parent, envelope.user_id) == ("r1", "00-aa-bb-01", 7)
    assert envelope.type == "voxreel.task.v1.TaskQueued"
    assert TaskQueued.FromString(envelope.payload).task_id == "t0"
    assert message.headers == {"Voxreel-Request-Id": "r1", "traceparent": "00-aa-bb-01"}
    assert await setup.relay.step() == 0


async def test_a_rolled_back_event_is_never_sent(setup: Setup) -> None:
    def work(unit: SampleUnit) -> None:
        unit.outbox.add(unit.events.event("evt.speech.task.queued", TaskQueued()))
        raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError, match="rolled back"):
        await setup.units.write(work)
    assert await setup.relay.step() == 0


async def test_a_batch_is_bounded_and_the_rest_follows(setup: Setup) -> None:
    await setup.add(620)
    assert [await setup.relay.step() for _ in range(3)] == [500, 120, 0]
    assert len(await setup.received()) == 620


async def test_two_relays_share_the_rows(setup: Setup) -> None:
    await setup.add(40)
    taken = await asyncio.gather(setup.relay.step(), setup.new_relay().step())
    assert sum(taken) == 40
    assert len(await setup.received()) == 40


async def test_what_fails_waits_and_the_rest_goes(setup: Setup) -> None:
    first, _second = await setup.add(2)
    setup.bus.failing = {first}
    assert await setup.relay.step() == 2
    assert (len(await setup.received()), await setup.unsent()) == (1, 1)
    assert await setup.relay.step() == 0
    setup.bus.failing = set()
    setup.clock.advance(1)
    assert setup.relay.lag_s() == 1
    assert await setup.relay.step() == 1
    assert (await setup.unsent(), setup.relay.lag_s()) == (0, 0)


async def test_a_message_that_cannot_be_sent_holds_nobody_back(setup: Setup) -> None:
    await setup.units.write(lambda unit: unit.outbox.add(unit.events.work("nowhere.at.all", "t1")))
    await setup.add()
    assert await setup.relay.step() == 2
    assert (len(await setup.received()), await setup.unsent()) == (1, 1)


async def test_the_pause_between_failures_grows_and_is_bounded(setup: Setup) -> None:
    [event_id] = await setup.add()
    setup.bus.failing = {event_id}
    for _ in range(12):
        await setup.relay.step()
        setup.clock.advance(30)
    await setup.relay.step()
    setup.clock.advance(10)
    assert await setup.relay.step() == 0
    setup.clock.advance(20)
    assert await setup.relay.step() == 1


async def test_a_lost_answer_does_not_double_the_event(setup: Setup) -> None:
    await setup.add()
    setup.bus.is_answer_lost = True
    await setup.relay.step()
    assert await setup.unsent() == 1
    setup.bus.is_answer_lost = False
    setup.clock.advance(1)
    assert await setup.relay.step() == 1
    assert len(await setup.received()) == 1


async def test_a_relay_that_dies_between_publishing_and_marking_is_made_up_for(setup: Setup) -> None:
    await setup.add()
    is_published = asyncio.Event()

    class FakeDyingBus(FakeFlakyBus):
        async def publish(
            self, subject: str, body: bytes, *, message_id: str, headers: Mapping[str, str] = NO_HEADERS
        ) -> None:
            await setup.bus.publish(subject, body, message_id=message_id, headers=headers)
            is_published.set()
            await asyncio.Event().wait()

    dying = Relay(setup.database, EVENT_TABLES, FakeDyingBus(setup.clock), streams=(), clock=setup.clock)
    step = asyncio.create_task(dying.step())
    await is_published.wait()
    step.cancel()
    await asyncio.wait((step,))
    assert await setup.relay.step() == 0
    setup.clock.advance(31)
    assert await setup.relay.step() == 1
    assert (len(await setup.received()), await setup.unsent()) == (1, 0)


async def test_nothing_is_taken_while_the_broker_is_away(setup: Setup) -> None:
    await setup.add()
    setup.bus.disconnect()
    setup.clock.advance(5)
    assert await setup.relay.step() == 0
    assert setup.relay.lag_s() == 5
    setup.bus.connect()
    assert await setup.relay.step() == 1


async def test_a_wiped_broker_is_told_again(setup: Setup) -> None:
    ids = await setup.add(3)
    await setup.relay.step()
    setup.clock.advance(3600)
    setup.bus.wipe()
    assert await setup.relay.check_streams() == 3
    assert await setup.relay.step() == 3
    assert sorted(message.message_id for message in await setup.received()) == sorted(ids)
    assert await setup.relay.check_streams() == 0


async def test_a_wipe_while_the_service_was_down_is_noticed_at_its_start(setup: Setup) -> None:
    await setup.add(2)
    await setup.relay.step()
    setup.bus.wipe()
    restarted = setup.new_relay()
    assert await restarted.check_streams() == 2


async def test_a_restarted_broker_gets_the_last_minutes_only(setup: Setup) -> None:
    await setup.add()
    await setup.relay.step()
    setup.clock.advance(600)
    await setup.add()
    await setup.relay.step()
    setup.bus.restart()
    assert await setup.relay.check_streams() == 1


async def test_replicas_connected_to_different_nodes_do_not_publish_again_in_turn(setup: Setup) -> None:
    await setup.add()
    await setup.relay.step()
    reopened = []
    for _ in range(3):
        for setup.bus.node in ("nats-0", "nats-1"):
            reopened.append(await setup.relay.check_streams())
            await setup.relay.step()
    # Each node once, when it is met; then one that was started again, and nothing for the other.
    assert reopened == [1, 1, 0, 0, 0, 0]
    setup.clock.advance(600)
    await setup.add()
    await setup.relay.step()
    setup.bus.restart()
    assert [await setup.relay.check_streams(), await setup.relay.check_streams()] == [1, 0]


async def test_a_wiped_cluster_is_told_everything_once(setup: Setup) -> None:
    await setup.add(3)
    await setup.relay.step()
    setup.bus.node = "nats-0"
    await setup.relay.check_streams()
    await setup.relay.step()
    setup.clock.advance(3600)
    setup.bus.wipe()
    assert await setup.relay.check_streams() == 3
    await setup.relay.step()
    setup.clock.advance(600)
    setup.bus.node = "nats-1"
    assert await setup.relay.check_streams() == 0


async def test_sent_rows_leave_after_their_retention(setup: Setup) -> None:
    await setup.add()
    await setup.units.write(lambda unit: unit.outbox.add(unit.events.work("work.speech.tts", "t1")))
    await setup.relay.step()
    await setup.add()
    assert await setup.relay.prune() == 0
    setup.clock.advance(3601)
    assert await setup.relay.prune() == 1
    setup.clock.advance(24 * 3600)
    assert await setup.relay.prune() == 1
    assert (await setup.rows(), await setup.unsent()) == (1, 1)


async def test_a_commit_wakes_the_running_relay(setup: Setup) -> None:
    stop = asyncio.Event()
    spec = ConsumerSpec(EVENTS.name, "billing--settlement", ("evt.>",))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(setup.relay.run(stop))
        subscription = setup.bus.consume(spec)
        for _ in range(3):
            await setup.add()
            async with asyncio.timeout(60):
                while not await subscription.fetch(1, 1.0):
                    assert not running.done()
        stop.set()


async def test_after_many_it_waits_for_more_and_stopping_ends_the_wait(setup: Setup) -> None:
    relay = Relay(setup.database, EVENT_TABLES, setup.bus, streams=STREAMS, clock=setup.clock, gathering_s=3600)
    stop = asyncio.Event()
    await setup.add(40)
    async with asyncio.TaskGroup() as group:
        group.create_task(relay.run(stop))
        await eventually(lambda: setup.bus.batches == [40])
        await setup.add(2)
        await setup.add(3)
        stop.set()
    assert setup.bus.batches == [40, 5]
    assert await setup.unsent() == 0


async def test_a_few_are_followed_by_the_next_at_once(setup: Setup) -> None:
    relay = Relay(setup.database, EVENT_TABLES, setup.bus, streams=STREAMS, clock=setup.clock, gathering_s=3600)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(relay.run(stop))
        for number in (1, 2):
            await setup.add()
            await eventually(lambda number=number: sum(setup.bus.batches) == number)
        stop.set()


async def test_stopping_sends_what_is_left(setup: Setup) -> None:
    await setup.add()
    stop = asyncio.Event()
    stop.set()
    await setup.relay.run(stop)
    assert len(await setup.received()) == 1
