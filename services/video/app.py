"""Where the video service is put together."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from kit.app import App, open_bus, open_database
from kit.clock import SystemClock
from kit.db.database import Database
from kit.db.uow import Units
from kit.events.envelope import EventSource
from kit.events.nats_bus import NatsBus
from kit.events.relay import Relay
from kit.events.streams import EVENTS, work_stream
from kit.events.waiting import wait_any
from kit.identity.supply import supply_verifier
from kit.ids import RandomIds
from kit.loops import Phase
from kit.net.fetcher import Fetcher
from kit.rpc.client import Peer
from kit.rpc.server import RpcServer
from kit.rpc.tokens import TokenVerifier
from kit.tasks.acceptance import QueueLimits, TaskAcceptance
from kit.tasks.hints import TaskHints
from kit.tasks.notifier import TaskNotifier
from kit.tasks.queue_size import QueueSize
from kit.tasks.sweeper import Sweeper
from kit.tasks.worker import Worker
from services.video.config import VideoConfig
from services.video.engine_settings import engine_settings
from services.video.engines.dashscope.engine import DashScopeLipSyncer
from services.video.engines.registry import VideoEngines, open_engines
from services.video.media.prober import MediaProber
from services.video.parts import Parts, add_servicers, task_handlers
from services.video.peers.billing import BillingCreditHolds
from services.video.peers.files import FilesSourceFiles, FilesVideoFiles
from services.video.store.tables import EVENT_TABLES
from services.video.store.uow import VideoUnit
from services.video.usecases.provider_orders import OrderKeeper, ProviderLine, SharedOrders
from services.video.usecases.sources import NoWebFiles

_ENGINE_LOOK_S = 30.0


async def build(app: App[VideoConfig]) -> None:
    """Makes the service of its parts."""
    clock = SystemClock()
    database = await open_database(app)
    events = EventSource(app.name, RandomIds(), clock)
    units = Units(database, lambda connection: VideoUnit(connection, events))
    bus = await open_bus(app)
    relay = Relay(database, EVENT_TABLES, bus, streams=[EVENTS, work_stream(app.name)], clock=clock)
    app.background("relay", relay.run, phase=Phase.SUPPORT)
    app.add_flush("outbox", relay.step)
    app.metrics.gauge("outbox_lag_seconds", "Age of the oldest event not sent.", relay.lag_s)
    queue = QueueSize(units)
    app.background("queue size", queue.run, phase=Phase.SUPPORT)
    app.metrics.gauge("unfinished_tasks", "Accepted tasks that have not ended, those of all replicas.", queue.tasks)
    parts = await _parts(app, database, units)
    app.background("task hints", TaskHints(bus, app.name, parts.notifier).run, phase=Phase.SUPPORT)
    if app.runs_workers:
        _work(app, bus, parts)
    server = RpcServer(
        app.name,
        verifier=await _verifier(app),
        service_token=app.config.service_token.get_secret_value(),
        observer=app.observer,
    )
    add_servicers(server, parts)
    app.serve_rpc(server)


async def _parts(app: App[VideoConfig], database: Database, units: Units[VideoUnit]) -> Parts:
    config = app.config
    limits = QueueLimits(config.render.max_user_tasks, config.render.max_tasks)
    holds = BillingCreditHolds(await _peer(app, config.peers.billing))
    files = await _peer(app, config.peers.files)
    return Parts(
        database=database,
        units=units,
        notifier=TaskNotifier(),
        ids=RandomIds(),
        acceptance=TaskAcceptance(units, holds, limits),
        sources=FilesSourceFiles(files),
        web=await app.enter(Fetcher()) if config.render.is_web_on else NoWebFiles(),
        prober=await app.enter(aclosing(MediaProber())),
        videos=FilesVideoFiles(files),
        engines=await _engines(app, SharedOrders(units, most=config.dashscope.most_running)),
        timeout_s=config.render.timeout_s,
    )


def _work(app: App[VideoConfig], bus: NatsBus, parts: Parts) -> None:
    config, provider = app.config, _provider(parts.engines)
    if provider is not None:
        app.background("provider orders", OrderKeeper(parts.units, provider, SystemClock()).run)
    worker = Worker(
        parts.units,
        bus,
        service=app.name,
        handlers=task_handlers(parts),
        instance=config.instance,
        boot=RandomIds().random(),
        clock=SystemClock(),
        notifier=parts.notifier,
        # As many as have a worker process or a place at a provider.
        concurrency=config.render.concurrency + (0 if provider is None else config.dashscope.most_running),
        grace_s=app.work_grace_s,
    )
    app.background("worker", worker.run)
    app.background("sweeper", Sweeper(parts.units).run)


def _provider(engines: VideoEngines) -> ProviderLine | None:
    """Who does the renders, if it is not this machine."""
    engine = engines.lip_syncer.engine
    return engine if isinstance(engine, DashScopeLipSyncer) else None


async def _engines(app: App[VideoConfig], orders: SharedOrders) -> VideoEngines:
    settings = engine_settings(app.config, orders)
    engines = await asyncio.to_thread(open_engines, settings)
    for engine in (engines.lip_syncer.engine, engines.chroma_keyer.engine, engines.link_reader.engine):
        if engine is not None:
            await app.enter(aclosing(engine))

    async def look(stop: asyncio.Event) -> None:
        while not await wait_any(stop, timeout_s=_ENGINE_LOOK_S):
            await engines.step()

    app.background("engines", look, phase=Phase.SUPPORT)
    reader = engines.link_reader.engine
    if reader is not None:
        app.metrics.gauges(
            "link_changed_ways",
            "Ways of reading a platform's links whose pages no longer hold what is looked for.",
            label="platform",
            read=lambda: {each.key: float(len(each.changed_ways)) for each in reader.platforms()},
        )
    return engines


async def _peer(app: App[VideoConfig], address: str) -> Peer:
    token = app.config.service_token.get_secret_value()
    return await app.enter(Peer(address, caller=app.name, service_token=token))


async def _verifier(app: App[VideoConfig]) -> TokenVerifier:
    clock = SystemClock()
    verifier = TokenVerifier(clock)
    supply_verifier(app, verifier, auth=await _peer(app, app.config.peers.auth), clock=clock)
    return verifier
