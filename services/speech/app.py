"""Where the speech service is put together."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from functools import partial

from kit.app import App, open_database
from kit.clock import SystemClock
from kit.db.uow import Units
from kit.events.envelope import EventSource
from kit.events.nats_bus import NatsBus
from kit.events.relay import Relay
from kit.events.streams import EVENTS, work_stream
from kit.identity.supply import supply_verifier
from kit.ids import RandomIds
from kit.loops import Phase
from kit.observability.health import Severity
from kit.rpc.client import Peer
from kit.rpc.server import RpcServer
from kit.rpc.tokens import TokenVerifier
from kit.tasks.model import TaskKind
from kit.tasks.notifier import TaskNotifier
from kit.tasks.servicer import TaskServicer
from kit.tasks.sweeper import Sweeper
from kit.tasks.worker import Worker
from services.speech.config import SpeechConfig
from services.speech.engines.base import SpeechSynthesizer
from services.speech.engines.registry import SYNTHESIZERS, SynthesizerSettings
from services.speech.peers.billing import BillingCreditHolds
from services.speech.peers.files import FilesAudioFiles
from services.speech.rpc.engine_servicer import EngineServicer
from services.speech.rpc.synthesis_servicer import SynthesisServicer
from services.speech.rpc.voice_servicer import VoiceServicer
from services.speech.store.tables import EVENT_TABLES, TASKS
from services.speech.store.uow import SpeechUnit
from services.speech.usecases.create_synthesis import CreateSynthesis, QueueLimits
from services.speech.usecases.engines import EngineDirectory, SynthesisEngine, select_engine
from services.speech.usecases.synthesize import SynthesisHandler
from services.speech.usecases.voice_previews import VoicePreviews
from services.speech.usecases.warm_up import Warmable, WarmUp
from voxreel.engine.v1 import engine_service_pb2_grpc
from voxreel.speech.v1 import synthesis_service_pb2_grpc, voice_service_pb2_grpc
from voxreel.task.v1 import task_service_pb2_grpc

_BROKER_CHECK_S = 0.5


async def build(app: App[SpeechConfig]) -> None:
    """Makes the service of its parts."""
    clock, ids = SystemClock(), RandomIds()
    database = await open_database(app)
    events = EventSource(app.name, ids, clock)
    units = Units(database, lambda connection: SpeechUnit(connection, events))
    bus = await _bus(app)
    relay = Relay(database, EVENT_TABLES, bus, streams=[EVENTS, work_stream(app.name)], clock=clock)
    app.background("relay", relay.run, phase=Phase.SUPPORT)
    app.add_flush("outbox", relay.step)
    app.metrics.gauge("outbox_lag_seconds", "Age of the oldest event not sent.", relay.lag_s)

    settings = _synthesizer_settings(app.config)
    synthesizer, engine, directory = await _engine(app, settings)
    notifier = TaskNotifier()
    syntheses = CreateSynthesis(
        units,
        BillingCreditHolds(await _peer(app, app.config.peers.billing)),
        engine,
        ids=ids,
        limits=QueueLimits(app.config.synthesis.max_user_tasks, app.config.synthesis.max_tasks),
    )
    server = RpcServer(
        app.name,
        verifier=await _verifier(app),
        service_token=app.config.service_token.get_secret_value(),
        observer=app.observer,
    )
    server.add(synthesis_service_pb2_grpc.add_SynthesisServiceServicer_to_server, SynthesisServicer(syntheses))
    audio_files = FilesAudioFiles(await _peer(app, app.config.peers.files))
    voices = VoiceServicer(engine, VoicePreviews(synthesizer, engine, audio_files))
    server.add(voice_service_pb2_grpc.add_VoiceServiceServicer_to_server, voices)
    server.add(engine_service_pb2_grpc.add_EngineServiceServicer_to_server, EngineServicer(directory))
    server.add(task_service_pb2_grpc.add_TaskServiceServicer_to_server, TaskServicer(database, TASKS, notifier))
    if app.runs_workers:
        handler = SynthesisHandler(synthesizer, audio_files, timeout_s=app.config.synthesis.timeout_s)
        _work(app, units, bus, notifier, handler=handler)
        if isinstance(synthesizer, Warmable) and not engine.problem:
            app.background("warm-up", WarmUp(synthesizer, directory).run)
    app.serve_rpc(server)


def _work(
    app: App[SpeechConfig],
    units: Units[SpeechUnit],
    bus: NatsBus,
    notifier: TaskNotifier,
    *,
    handler: SynthesisHandler,
) -> None:
    config = app.config
    worker = Worker(
        units,
        bus,
        service=app.name,
        handlers={TaskKind.TTS: handler},
        instance=config.instance,
        boot=RandomIds().random(),
        clock=SystemClock(),
        notifier=notifier,
        concurrency=config.synthesis.processes,
        grace_s=app.work_grace_s,
    )
    app.background("worker", worker.run)
    app.background("sweeper", Sweeper(units).run)


async def _engine(
    app: App[SpeechConfig], settings: SynthesizerSettings
) -> tuple[SpeechSynthesizer, SynthesisEngine, EngineDirectory]:
    name = await asyncio.to_thread(select_engine, app.config.synthesis.engine, settings)
    synthesizer = SYNTHESIZERS[name].open_engine(settings)
    await app.enter(aclosing(synthesizer))
    engine = SynthesisEngine(name, synthesizer.voices())
    directory = EngineDirectory(settings, engine)
    await directory.step()
    app.background("engines", directory.run, phase=Phase.SUPPORT)
    return synthesizer, engine, directory


def _synthesizer_settings(config: SpeechConfig) -> SynthesizerSettings:
    return SynthesizerSettings(
        model_cache_dir=config.data_dir / "models",
        model_dir=config.synthesis.model_dir,
        max_workers=config.synthesis.processes,
        onnx_threads=config.synthesis.threads,
        producer=config.synthesis.producer,
    )


async def _bus(app: App[SpeechConfig]) -> NatsBus:
    bus = await app.enter(NatsBus(app.config.nats_url.get_secret_value(), name=app.name))
    app.add_check("broker", partial(bus.wait_connected, _BROKER_CHECK_S), severity=Severity.DEGRADES)
    return bus


async def _peer(app: App[SpeechConfig], address: str) -> Peer:
    token = app.config.service_token.get_secret_value()
    return await app.enter(Peer(address, caller=app.name, service_token=token))


async def _verifier(app: App[SpeechConfig]) -> TokenVerifier:
    clock = SystemClock()
    verifier = TokenVerifier(clock)
    supply_verifier(app, verifier, auth=await _peer(app, app.config.peers.auth), clock=clock)
    return verifier
