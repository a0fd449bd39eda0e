"""Where the speech service is put together."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from kit.app import App, open_bus, open_database
from kit.clock import SystemClock
from kit.db.database import Database
from kit.db.uow import Units
from kit.engines import EngineSlot, open_slot
from kit.events.envelope import EventSource
from kit.events.nats_bus import NatsBus
from kit.events.relay import Relay
from kit.events.streams import EVENTS, work_stream
from kit.identity.supply import supply_verifier
from kit.ids import RandomIds
from kit.loops import Phase
from kit.net.fetcher import Fetcher
from kit.rpc.client import Peer
from kit.rpc.server import RpcServer
from kit.rpc.tokens import TokenVerifier
from kit.tasks.acceptance import QueueLimits, TaskAcceptance
from kit.tasks.attended import AttendedTasks
from kit.tasks.hints import TaskHints
from kit.tasks.notifier import TaskNotifier
from kit.tasks.queue_size import QueueSize
from kit.tasks.sweeper import Sweeper
from kit.tasks.worker import Worker
from services.speech.config import SpeechConfig
from services.speech.engine_settings import dashscope_settings, job_engine_settings
from services.speech.engines.base import SpeechSynthesizer
from services.speech.engines.dashscope.settings import DashScopeSettings
from services.speech.engines.dubbers import DUBBERS, DUBBING, DubberSettings
from services.speech.engines.dubbing import Dubber
from services.speech.engines.indextts.settings import IndexTtsSettings
from services.speech.engines.jobs import JobEngines, open_job_engines
from services.speech.engines.listening import GuardedListener, open_listener_pool
from services.speech.engines.registry import SYNTHESIZERS, SynthesizerSettings
from services.speech.engines.styles import StyleFolder
from services.speech.lanes import work_lanes
from services.speech.parts import Parts, add_servicers, task_handlers
from services.speech.peers.billing import BillingCreditHolds
from services.speech.peers.files import FilesAudioFiles, FilesSourceFiles
from services.speech.store.tables import EVENT_TABLES
from services.speech.store.uow import SpeechUnit
from services.speech.usecases.engines import EngineDirectory, SynthesisEngine, select_engine
from services.speech.usecases.turns import SharedTurns
from services.speech.usecases.warm_up import Warmable, WarmUp


async def build(app: App[SpeechConfig]) -> None:
    """Makes the service of its parts."""
    clock = SystemClock()
    database = await open_database(app)
    events = EventSource(app.name, RandomIds(), clock)
    units = Units(database, lambda connection: SpeechUnit(connection, events))
    bus = await open_bus(app)
    relay = Relay(database, EVENT_TABLES, bus, streams=[EVENTS, work_stream(app.name)], clock=clock)
    app.background("relay", relay.run, phase=Phase.SUPPORT)
    app.add_flush("outbox", relay.step)
    app.metrics.gauge("outbox_lag_seconds", "Age of the oldest event not sent.", relay.lag_s)
    queue = QueueSize(units)
    app.background("queue size", queue.run, phase=Phase.SUPPORT)
    app.metrics.gauge("unfinished_tasks", "Accepted tasks that have not ended, those of all replicas.", queue.tasks)

    boot = RandomIds().random()
    parts = await _parts(app, database, units, boot)
    app.background("task hints", TaskHints(bus, app.name, parts.notifier).run, phase=Phase.SUPPORT)
    server = RpcServer(
        app.name,
        verifier=await _verifier(app),
        service_token=app.config.service_token.get_secret_value(),
        observer=app.observer,
    )
    add_servicers(server, parts)
    if app.runs_workers:
        _work(app, bus, parts, boot)
        if isinstance(parts.synthesizer, Warmable) and not parts.engine.problem:
            app.background("warm-up", WarmUp(parts.synthesizer, parts.directory).run)
    app.serve_rpc(server)


async def _parts(app: App[SpeechConfig], database: Database, units: Units[SpeechUnit], boot: str) -> Parts:
    config, notifier, clock = app.config, TaskNotifier(), SystemClock()
    limits = QueueLimits(config.synthesis.max_user_tasks, config.synthesis.max_tasks)
    holds = BillingCreditHolds(await _peer(app, config.peers.billing))
    files = await _peer(app, config.peers.files)
    dashscope = dashscope_settings(config.dashscope, SharedTurns(units, RandomIds()))
    jobs = await _job_engines(app, dashscope)
    synthesizer, engine, dubber, directory = await _synthesis(app, jobs, dashscope)
    return Parts(
        database=database,
        units=units,
        notifier=notifier,
        clock=clock,
        ids=RandomIds(),
        acceptance=TaskAcceptance(units, holds, limits),
        audio=FilesAudioFiles(files),
        sources=FilesSourceFiles(files),
        synthesizer=synthesizer,
        engine=engine,
        directory=directory,
        jobs=jobs,
        dubber=dubber,
        dubbing_timeout_s=config.dubbing.timeout_s,
        listener=GuardedListener(await app.enter(open_listener_pool())),
        web=await app.enter(Fetcher()),
        styles=StyleFolder(config.data_dir / "models"),
        synthesis_timeout_s=config.synthesis.timeout_s,
        job_timeout_s=config.jobs.timeout_s,
        attended=AttendedTasks(units, notifier, owner=f"{config.instance}#{boot}", clock=clock),
        rewriting=config.rewriting,
    )


def _work(app: App[SpeechConfig], bus: NatsBus, parts: Parts, boot: str) -> None:
    config, handlers = app.config, task_handlers(parts)
    for lane, places in work_lanes(config).items():
        worker = Worker(
            parts.units,
            bus,
            service=app.name,
            handlers=handlers,
            instance=config.instance,
            boot=boot,
            clock=parts.clock,
            notifier=parts.notifier,
            concurrency=places,
            lane=lane,
            grace_s=app.work_grace_s,
        )
        app.background(f"worker {lane.name}", worker.run)
    app.background("sweeper", Sweeper(parts.units).run)


async def _job_engines(app: App[SpeechConfig], dashscope: DashScopeSettings) -> JobEngines:
    jobs = await asyncio.to_thread(open_job_engines, job_engine_settings(app.config, dashscope))
    for engine in (jobs.recognizer.engine, jobs.cloner.engine, jobs.rewriter.engine):
        if engine is not None:
            await app.enter(aclosing(engine))
    return jobs


async def _synthesis(
    app: App[SpeechConfig], jobs: JobEngines, dashscope: DashScopeSettings
) -> tuple[SpeechSynthesizer, SynthesisEngine, EngineSlot[Dubber], EngineDirectory]:
    settings = _synthesizer_settings(app.config, dashscope)
    name = await asyncio.to_thread(select_engine, app.config.synthesis.engine, settings)
    synthesizer = SYNTHESIZERS[name].open_engine(settings)
    await app.enter(aclosing(synthesizer))
    engine = SynthesisEngine(name, synthesizer.voices())
    dubber = await asyncio.to_thread(open_slot, DUBBING, DUBBERS, _dubber_settings(app.config, synthesizer, settings))
    if dubber.engine is not None:
        await app.enter(aclosing(dubber.engine))
    directory = EngineDirectory(settings, engine, jobs, dubber=dubber)
    await directory.step()
    app.background("engines", directory.run, phase=Phase.SUPPORT)
    return synthesizer, engine, dubber, directory


def _dubber_settings(
    config: SpeechConfig, synthesizer: SpeechSynthesizer, synthesis: SynthesizerSettings
) -> DubberSettings:
    dubbing = config.dubbing
    indextts = IndexTtsSettings(
        base_url=dubbing.indextts_url,
        shared_dir=dubbing.indextts_shared_dir,
        server_dir=dubbing.indextts_server_dir,
        producer=config.synthesis.producer,
    )
    return DubberSettings(indextts, synthesizer, synthesis)


def _synthesizer_settings(config: SpeechConfig, dashscope: DashScopeSettings) -> SynthesizerSettings:
    return SynthesizerSettings(
        model_cache_dir=config.data_dir / "models",
        model_dir=config.synthesis.model_dir,
        max_workers=config.synthesis.processes,
        onnx_threads=config.synthesis.threads,
        producer=config.synthesis.producer,
        dashscope=dashscope,
    )


async def _peer(app: App[SpeechConfig], address: str) -> Peer:
    token = app.config.service_token.get_secret_value()
    return await app.enter(Peer(address, caller=app.name, service_token=token))


async def _verifier(app: App[SpeechConfig]) -> TokenVerifier:
    clock = SystemClock()
    verifier = TokenVerifier(clock)
    supply_verifier(app, verifier, auth=await _peer(app, app.config.peers.auth), clock=clock)
    return verifier
