"""Where the video service is put together."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from kit.app import App
from kit.clock import SystemClock
from kit.db.database import Database
from kit.db.uow import Units
from kit.events.envelope import EventSource
from kit.events.nats_bus import NatsBus
from kit.events.streams import work_stream
from kit.events.waiting import wait_any
from kit.identity.supply import supply_verifier
from kit.ids import RandomIds
from kit.loops import Phase
from kit.net.fetcher import Fetcher
from kit.rpc.tokens import TokenVerifier
from kit.tasks.acceptance import QueueLimits, TaskAcceptance
from kit.tasks.hints import TaskHints
from kit.tasks.model import TaskKind
from kit.tasks.notifier import TaskNotifier
from kit.tasks.sweeper import Sweeper
from kit.tasks.worker import Worker
from kit.wiring import (
    make_rpc_server,
    open_bus,
    open_database,
    open_peer,
    relay_events,
    run_workers,
    task_measures,
    tell_engines,
    watch_queue,
)
from services.video.config import VideoConfig
from services.video.engine_settings import engine_settings
from services.video.engines.dashscope.engine import DashScopeLipSyncer
from services.video.engines.registry import VideoEngines, open_engines
from services.video.media.prober import MediaProber
from services.video.metrics import LINK_CHANGED_WAYS
from services.video.parts import Parts, add_servicers, task_handlers
from services.video.peers.billing import BillingCreditHolds
from services.video.peers.files import FilesSourceFiles, FilesVideoFiles
from services.video.store.tables import EVENT_TABLES
from services.video.store.uow import VideoUnit
from services.video.usecases.provider_orders import OrderKeeper, ProviderLine, SharedOrders
from services.video.usecases.sources import NoWebFiles

_ENGINE_LOOK_S = 30.0
_KINDS = (TaskKind.VIDEO, TaskKind.CHROMA_KEY)


async def build(app: App[VideoConfig]) -> None:
    """Makes the service of its parts."""
    clock = SystemClock()
    database = await open_database(app)
    events = EventSource(app.name, RandomIds(), clock)
    units = Units(database, lambda connection: VideoUnit(connection, events))
    bus = await open_bus(app)
    relay_events(app, database, EVENT_TABLES, bus=bus, clock=clock, more=[work_stream(app.name)])
    watch_queue(app, units, _KINDS, clock=clock)
    parts = await _parts(app, database, units)
    app.background("task hints", TaskHints(bus, app.name, parts.notifier).run, phase=Phase.SUPPORT)
    if app.runs_workers:
        _work(app, bus, parts)
    server = make_rpc_server(app, await _verifier(app))
    add_servicers(server, parts)
    app.serve_rpc(server)


async def _parts(app: App[VideoConfig], database: Database, units: Units[VideoUnit]) -> Parts:
    config = app.config
    limits = QueueLimits(config.render.max_user_tasks, config.render.max_tasks)
    holds = BillingCreditHolds(await open_peer(app, config.peers.billing))
    files = await open_peer(app, config.peers.files)
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
        measures=task_measures(app),
        tracer=app.tracer,
    )
    run_workers(app, {"all": worker})
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
    tell_engines(app, lambda: engines.facts)
    reader = engines.link_reader.engine
    if reader is not None:
        app.metrics.read_all(
            LINK_CHANGED_WAYS, lambda: {(each.key,): float(len(each.changed_ways)) for each in reader.platforms()}
        )
    return engines


async def _verifier(app: App[VideoConfig]) -> TokenVerifier:
    clock = SystemClock()
    verifier = TokenVerifier(clock)
    supply_verifier(app, verifier, auth=await open_peer(app, app.config.peers.auth), clock=clock)
    return verifier
