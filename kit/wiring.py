"""What most apps are made of, opened, watched and measured the same way everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from kit.app import App
from kit.clock import Clock
from kit.config import ProcessConfig, ServiceConfig
from kit.db.database import Database
from kit.engines import EngineFact
from kit.events.bus import Bus
from kit.events.consumer import Consumer, EventHandler
from kit.events.measures import BacklogGauges, BacklogWatch, ConsumerMeasures
from kit.events.nats_bus import NatsBus
from kit.events.relay import Relay
from kit.events.streams import EVENTS, StreamSpec
from kit.events.tables import EventTables
from kit.loops import Phase
from kit.observability import catalogue
from kit.observability.calls import CallRecorder
from kit.observability.health import Severity
from kit.rpc.client import Peer
from kit.rpc.server import RpcServer
from kit.rpc.tokens import TokenVerifier
from kit.tasks.measures import TaskMeasures
from kit.tasks.model import TaskKind
from kit.tasks.queue_watch import QueueWatch
from kit.tasks.units import TaskUnits
from kit.tasks.worker import Worker

C = TypeVar("C", bound=ProcessConfig)
S = TypeVar("S", bound=ServiceConfig)

_BROKER_CHECK_S = 0.5


async def open_database(app: App[S]) -> Database:
    """The service's database, checked as part of its health and closed when the app ends."""
    database = await app.open(Database.open(app.config.db, name=app.name))
    app.add_check("database", database.ping)
    app.metrics.read_all(catalogue.DATABASE_FAILURES, database.failures)
    app.metrics.read_all(catalogue.DATABASE_WAITING, database.waiting)
    return database


async def open_bus(app: App[S]) -> NatsBus:
    """The connection to the broker, made and kept in the background. Without it the app serves, degraded."""
    url = app.config.nats_url.get_secret_value()
    bus = await app.enter(NatsBus(url, name=app.name, replicas=app.config.nats_replicas))
    app.add_check("broker", partial(bus.wait_connected, _BROKER_CHECK_S), severity=Severity.DEGRADES)
    return bus


async def open_peer(app: App[C], address: str) -> Peer:
    """A service that the app calls, in its own name."""
    token = app.config.service_token.get_secret_value()
    return await app.enter(Peer(address, caller=app.name, service_token=token, tracer=app.tracer))


def make_rpc_server(app: App[S], verifier: TokenVerifier) -> RpcServer:
    """The server of the app's RPCs, counted and logged. Servicers are added, then `app.serve_rpc`."""
    calls = app.metrics.calls(catalogue.RPC_CALLS, catalogue.RPC_SECONDS)
    return RpcServer(
        app.name,
        verifier=verifier,
        service_token=app.config.service_token.get_secret_value(),
        second_service_token=app.config.second_service_token.get_secret_value(),
        observer=CallRecorder(app.name, calls),
        tracer=app.tracer,
    )


def relay_events(
    app: App[S], database: Database, tables: EventTables, *, bus: Bus, clock: Clock, more: Sequence[StreamSpec] = ()
) -> None:
    """Sends what the app's transactions put into its outbox. `more` are streams it writes to beside the events."""
    relay = Relay(
        database,
        tables,
        bus,
        streams=[EVENTS, *more],
        clock=clock,
        messages=app.metrics.counter(catalogue.OUTBOX_MESSAGES),
        tracer=app.tracer,
    )
    app.background("relay", relay.run, phase=Phase.SUPPORT)
    app.add_flush("outbox", relay.step)
    app.metrics.read(catalogue.OUTBOX_LAG, relay.lag_s)


def consume(
    app: App[S], bus: Bus, durable: str, *, handler: EventHandler, subjects: Sequence[str], clock: Clock
) -> None:
    """Reads events in the background, and tells how far behind the readers of that name are."""
    metrics = app.metrics
    measures = ConsumerMeasures(
        metrics.counter(catalogue.CONSUMER_EVENTS), metrics.gauge(catalogue.CONSUMER_LAG), clock
    )
    consumer = Consumer(bus, durable, handler, subjects=subjects, measures=measures, tracer=app.tracer)
    app.background(durable, consumer.run)
    gauges = BacklogGauges(metrics.gauge(catalogue.CONSUMER_PENDING), metrics.gauge(catalogue.DEAD_LETTERS))
    app.background(f"backlog of {durable}", BacklogWatch(bus, durable, gauges).run, phase=Phase.SUPPORT)


def watch_queue(app: App[S], units: TaskUnits, kinds: Sequence[TaskKind], *, clock: Clock) -> None:
    """Tells how many tasks of these kinds there are and for how long they wait."""
    queue = QueueWatch(units, kinds, clock)
    app.background("queue", queue.run, phase=Phase.SUPPORT)
    app.metrics.read_all(catalogue.TASKS, queue.tasks)
    app.metrics.read_all(catalogue.TASK_AGE, queue.oldest_queued_s)


def task_measures(app: App[S]) -> TaskMeasures:
    """What those who do the app's tasks tell."""
    metrics = app.metrics
    return TaskMeasures(
        wait=metrics.histogram(catalogue.TASK_WAIT),
        run=metrics.histogram(catalogue.TASK_RUN),
        attempts=metrics.counter(catalogue.TASK_ATTEMPTS),
        engine_failures=metrics.counter(catalogue.ENGINE_FAILURES),
    )


def run_workers(app: App[S], workers: Mapping[str, Worker]) -> None:
    """Does tasks in the background. The workers are named by the lanes they serve."""
    for lane, worker in workers.items():
        app.background(f"worker {lane}", worker.run)
    app.metrics.read_all(catalogue.WORKER_PLACES, lambda: {(lane,): each.places for lane, each in workers.items()})
    app.metrics.read_all(catalogue.WORKER_RUNNING, lambda: {(lane,): each.running for lane, each in workers.items()})


def tell_engines(app: App[S], facts: Callable[[], Iterable[EngineFact]]) -> None:
    """Tells which of the selected engines can work."""
    app.metrics.read_all(
        catalogue.ENGINE_AVAILABLE,
        lambda: {(each.capability, each.name): float(each.is_available) for each in facts() if each.is_selected},
    )
