"""A real NATS server that is stopped, loses its storage and comes back: every task ends, every end is settled once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kit.clock import SystemClock
from kit.db.database import Database
from kit.db.uow import Units
from kit.events.consumer import Consumer
from kit.events.nats_bus import NatsBus
from kit.events.relay import Relay
from kit.events.streams import EVENTS, work_stream
from kit.tasks.handlers import Progress
from kit.tasks.model import JsonObject, Task, TaskKind
from kit.tasks.notifier import TaskNotifier
from kit.tasks.sweeper import Sweeper
from kit.tasks.worker import Worker
from tests.nats import NatsServer
from tests.polling import eventually
from tests.sample_service import EVENT_TABLES, SERVICE, SampleUnit, make_tables, new_task, sample_units
from voxreel.common.v1.event_pb2 import EventEnvelope
from voxreel.task.v1.events_pb2 import TaskSucceeded

CLOCK = SystemClock()
SETTLEMENT = "billing--settlement"


class Ledger:
    """Settles each task that has succeeded, under the protection of its inbox."""

    def __init__(self, units: Units[SampleUnit]) -> None:
        self._units = units
        self.charges: Counter[str] = Counter()
        self.deliveries: Counter[str] = Counter()

    async def __call__(self, envelopes: Sequence[EventEnvelope]) -> None:
        by_id = {envelope.id: envelope for envelope in envelopes}
        self.deliveries.update(by_id.keys())
        for event_id in await self._units.write(lambda unit: unit.inbox.first_times(SETTLEMENT, list(by_id))):
            self.charges[TaskSucceeded.FromString(by_id[event_id].payload).task_id] += 1


async def do_at_once(task: Task, _report: Progress) -> JsonObject:
    return {"task": task.id}


async def ask(units: Units[SampleUnit], *numbers: int) -> None:
    def work(unit: SampleUnit) -> None:
        for number in numbers:
            task = unit.tasks.create(new_task(number))
            unit.tasks.queue(task.id, hold_id=f"hold-{number}", credits=1)

    await units.write(work)


@asynccontextmanager
async def running_service(database: Database, bus: NatsBus, units: Units[SampleUnit]) -> AsyncIterator[None]:
    """Relay, worker and sweeper of the sample service."""
    stop = asyncio.Event()
    relay = Relay(database, EVENT_TABLES, bus, streams=[work_stream(SERVICE)], clock=CLOCK)
    worker = Worker(
        units,
        bus,
        service=SERVICE,
        handlers={TaskKind.TTS: do_at_once},
        instance="w1",
        boot="1",
        clock=CLOCK,
        notifier=TaskNotifier(),
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(relay.run(stop))
        group.create_task(worker.run(stop))
        group.create_task(Sweeper(units).run(stop))
        try:
            yield
        finally:
            stop.set()


@pytest.fixture
def ledger_of(database: Database) -> Ledger:
    return Ledger(sample_units(database, CLOCK))


async def test_every_task_ends_and_is_settled_once_though_the_storage_is_lost(
    database: Database, ledger_of: Ledger, tmp_path: Path
) -> None:
    await make_tables(database)
    units = sample_units(database, CLOCK)
    stop = asyncio.Event()
    async with NatsServer(tmp_path) as server, NatsBus(server.url, name="test") as bus:
        await bus.wait_connected(5)
        async with asyncio.TaskGroup() as group, running_service(database, bus, units):
            settling = Consumer(bus, SETTLEMENT, ledger_of, subjects=["evt.*.task.succeeded"])
            group.create_task(settling.run(stop))
            await ask(units, *range(5))
            await eventually(lambda: len(ledger_of.charges) == 5)
            await server.stop()
            await ask(units, *range(5, 10))
            await server.wipe()
            await ask(units, *range(10, 15))
            await eventually(lambda: len(ledger_of.charges) == 15)
            stop.set()
    assert set(ledger_of.charges.values()) == {1}


async def test_an_event_lost_before_its_reader_saw_it_is_told_again(
    database: Database, ledger_of: Ledger, tmp_path: Path
) -> None:
    await make_tables(database)
    units = sample_units(database, CLOCK)
    async with NatsServer(tmp_path) as server:
        async with NatsBus(server.url, name="producer") as bus:
            await bus.wait_connected(5)
            async with running_service(database, bus, units):
                await ask(units, 1)
                await eventually(lambda: _has_sent_all(database, units))
        await server.wipe()
        async with NatsBus(server.url, name="producer again") as bus:
            await bus.wait_connected(5)
            await Relay(database, EVENT_TABLES, bus, streams=[], clock=CLOCK).check_streams()
            relay = Relay(database, EVENT_TABLES, bus, streams=[work_stream(SERVICE)], clock=CLOCK)
            await relay.step()
            reader = Consumer(bus, SETTLEMENT, ledger_of, subjects=["evt.*.task.succeeded"])
            await eventually(lambda: _reads(reader))
    assert ledger_of.charges == Counter({"tts_1": 1})


async def test_the_same_server_has_the_same_stamp_for_everybody(tmp_path: Path) -> None:
    stamps = []
    async with NatsServer(tmp_path) as server:
        for name in ("one", "two"):
            async with NatsBus(server.url, name=name) as bus:
                await bus.wait_connected(5)
                stamps.append(await bus.ensure_stream(EVENTS))
    assert stamps[0] == stamps[1]


async def _has_sent_all(database: Database, units: Units[SampleUnit]) -> bool:
    task = await units.read(lambda unit: unit.tasks.get("tts_1"))
    columns = EVENT_TABLES.outbox.c
    unsent = EVENT_TABLES.outbox.select().where(columns.sent_time.is_(None))
    rows = await database.read(lambda connection: connection.execute(unsent).all())
    return task.output is not None and not rows


async def _reads(reader: Consumer) -> bool:
    return await reader.step(0.5) > 0
