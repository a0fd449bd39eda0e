"""The speech service on a real server, its peers on real channels, its workers stepped by the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from grpc import aio
from pydantic import SecretStr

from kit.clock import SystemClock
from kit.db.database import Database
from kit.db.migrate import upgrade
from kit.db.settings import DatabaseSettings
from kit.db.uow import Units
from kit.events.envelope import EventSource
from kit.events.memory import MemoryBus
from kit.events.relay import Relay
from kit.events.streams import EVENTS, work_stream
from kit.ids import RandomIds
from kit.rpc.client import Peer
from kit.rpc.context import CallContext, bind_call, unbind_call
from kit.rpc.observer import SilentObserver
from kit.rpc.server import RpcServer
from kit.tasks.acceptance import QueueLimits, TaskAcceptance
from kit.tasks.attended import AttendedTasks
from kit.tasks.lanes import Lane
from kit.tasks.model import Task
from kit.tasks.notifier import TaskNotifier
from kit.tasks.sweeper import Sweeper
from kit.tasks.worker import Worker
from services.speech.config import RewritingSettings, SpeechConfig
from services.speech.domain.rewriting import checked_rewrite
from services.speech.engines.base import RewriteMode
from services.speech.engines.registry import SynthesizerSettings
from services.speech.engines.styles import StyleFolder
from services.speech.lanes import work_lanes
from services.speech.parts import Parts, add_servicers, task_handlers
from services.speech.peers.billing import BillingCreditHolds
from services.speech.peers.files import FilesAudioFiles, FilesSourceFiles
from services.speech.store.tables import EVENT_TABLES
from services.speech.store.uow import SpeechUnit
from services.speech.usecases.engines import EngineDirectory, SynthesisEngine
from services.speech.usecases.rewriting import CreateRewrite
from services.speech.usecases.speakers import Speakers
from services.speech.usecases.style_packs import StylePacks
from tests.fakes.clock import FakeClock
from tests.fakes.tokens import FakeTokens
from tests.rpc.speech.fakes import (
    FakeAudioStore,
    FakeDubber,
    FakeJobEngines,
    FakeLedger,
    FakeListener,
    FakeSynthesizer,
    FakeWeb,
)
from voxreel.billing.v1 import ledger_service_pb2_grpc
from voxreel.engine.v1 import engine_service_pb2_grpc
from voxreel.files.v1 import file_service_pb2_grpc
from voxreel.speech.v1 import (
    custom_voice_service_pb2_grpc,
    dubbing_service_pb2_grpc,
    history_service_pb2_grpc,
    recognition_service_pb2_grpc,
    synthesis_service_pb2_grpc,
    template_service_pb2_grpc,
    text_service_pb2_grpc,
    voice_service_pb2_grpc,
)
from voxreel.task.v1 import task_service_pb2_grpc

SERVICE_TOKEN = "the-service-token"
MIGRATIONS = Path(__file__).parents[3] / "services" / "speech" / "migrations"
USER_LIMIT = 4
LANES = work_lanes(SpeechConfig(service_token=SecretStr(SERVICE_TOKEN)))
S = TypeVar("S")


@dataclass
class World:
    """The service, what it stands on and stubs to call it."""

    syntheses: synthesis_service_pb2_grpc.SynthesisServiceAsyncStub
    voices: voice_service_pb2_grpc.VoiceServiceAsyncStub
    recognitions: recognition_service_pb2_grpc.RecognitionServiceAsyncStub
    texts: text_service_pb2_grpc.TextServiceAsyncStub
    templates: template_service_pb2_grpc.TemplateServiceAsyncStub
    custom_voices: custom_voice_service_pb2_grpc.CustomVoiceServiceAsyncStub
    history: history_service_pb2_grpc.HistoryServiceAsyncStub
    dubbings: dubbing_service_pb2_grpc.DubbingServiceAsyncStub
    dubber: FakeDubber
    listener: FakeListener
    web: FakeWeb
    jobs: FakeJobEngines
    units: Units[SpeechUnit]
    engines: engine_service_pb2_grpc.EngineServiceAsyncStub
    tasks: task_service_pb2_grpc.TaskServiceAsyncStub
    ledger: FakeLedger
    audio_store: FakeAudioStore
    synthesizer: FakeSynthesizer
    engine: SynthesisEngine
    directory: EngineDirectory
    database: Database
    relay: Relay
    workers: tuple[Worker, ...]
    sweeper: Sweeper
    clock: FakeClock
    tokens: FakeTokens
    parts: Parts
    cache: Path

    @contextmanager
    def user(self, user_id: int = 7, *, is_admin: bool = False) -> Iterator[None]:
        """Calls inside are the user's."""
        token = self.tokens.issue(user_id, token_id=f"t-{user_id}-{is_admin}", is_admin=is_admin)
        bound = bind_call(CallContext(access_token=token))
        try:
            yield
        finally:
            unbind_call(bound)

    def speakers(self) -> Speakers:
        """As the worker has them."""
        return Speakers(self.units, self.engine, StylePacks(self.parts.audio, self.parts.sources, self.parts.styles))

    async def queue_rewrite(self, text: str, request_id: str = "r-1") -> Task:
        """As one whose process has died before it began."""
        orders = CreateRewrite(self.parts.acceptance, self.parts.jobs.rewriter, ids=self.parts.ids)
        rewrite = checked_rewrite(text, RewriteMode.AUTO, custom_instruction="", length_ratio=None)
        return await orders.accept(orders.draw_up(7, request_id, rewrite))

    async def work(self) -> None:
        """Relays what was queued and lets the workers do it."""
        await self.relay.step()
        async with asyncio.TaskGroup() as group:
            for worker in self.workers:
                group.create_task(worker.step())


class _Builder:
    """Starts servers and connects peers; all end with the stack."""

    def __init__(self, stack: AsyncExitStack, tokens: FakeTokens) -> None:
        self._stack = stack
        self._tokens = tokens

    def server(self, service: str) -> RpcServer:
        return RpcServer(
            service, verifier=self._tokens.verifier, service_token=SERVICE_TOKEN, observer=SilentObserver()
        )

    async def peer_of(self, server: RpcServer) -> Peer:
        port = await server.start("127.0.0.1:0")
        self._stack.push_async_callback(server.stop, 0)
        peer = Peer(f"127.0.0.1:{port}", caller="test", service_token=SERVICE_TOKEN)
        return await self._stack.enter_async_context(peer)

    async def peer_with(self, service: str, register: Callable[[S, aio.Server], None], servicer: S) -> Peer:
        server = self.server(service)
        server.add(register, servicer)
        return await self.peer_of(server)


async def _database(stack: AsyncExitStack, folder: Path) -> Database:
    url = f"sqlite:///{folder / 'speech.db'}"
    await asyncio.to_thread(upgrade, url, MIGRATIONS)
    database = await Database.open(DatabaseSettings(url=SecretStr(url)), name="speech")
    stack.push_async_callback(database.close)
    return database


def _worker(parts: Parts, bus: MemoryBus, lane: Lane, places: int) -> Worker:
    return Worker(
        parts.units,
        bus,
        service="speech",
        handlers=task_handlers(parts),
        instance="test",
        boot="1",
        clock=parts.clock,
        notifier=parts.notifier,
        concurrency=places,
        lane=lane,
    )


async def open_world(
    stack: AsyncExitStack, folder: Path, *, billing: Peer | None = None, bus: MemoryBus | None = None
) -> World:
    """The service, before a ledger in memory and with a broker of its own unless it is given others."""
    tokens, clock, ids = FakeTokens(SystemClock()), FakeClock(SystemClock().now()), RandomIds()
    build = _Builder(stack, tokens)
    ledger, audio_store, synthesizer = FakeLedger(), FakeAudioStore(), FakeSynthesizer()
    if billing is None:
        billing = await build.peer_with("billing", ledger_service_pb2_grpc.add_LedgerServiceServicer_to_server, ledger)
    files = await build.peer_with("files", file_service_pb2_grpc.add_FileServiceServicer_to_server, audio_store)
    database = await _database(stack, folder)
    events = EventSource("speech", ids, clock)
    units = Units(database, lambda connection: SpeechUnit(connection, events))
    bus = bus or MemoryBus(clock)
    engine = SynthesisEngine(synthesizer.name, synthesizer.voices())
    notifier = TaskNotifier()
    fakes, cache = FakeJobEngines(), folder / "models"
    jobs, listener, web = fakes.slots(), FakeListener(), FakeWeb()
    synthesis = SynthesizerSettings(model_cache_dir=cache)
    dubber = FakeDubber(synthesizer)
    slot = dubber.slot()
    directory = EngineDirectory(synthesis, engine, jobs, dubber=slot)
    parts = Parts(
        database=database,
        units=units,
        notifier=notifier,
        clock=clock,
        ids=ids,
        acceptance=TaskAcceptance(units, BillingCreditHolds(billing), QueueLimits(USER_LIMIT, USER_LIMIT + 2)),
        audio=FilesAudioFiles(files),
        sources=FilesSourceFiles(files),
        synthesizer=synthesizer,
        engine=engine,
        directory=directory,
        jobs=jobs,
        dubber=slot,
        listener=listener,
        web=web,
        styles=StyleFolder(cache),
        dubbing_timeout_s=5,
        synthesis_timeout_s=5,
        job_timeout_s=5,
        attended=AttendedTasks(units, notifier, owner="test#1", clock=clock),
        rewriting=RewritingSettings(places=2, timeout_s=5),
    )
    server = build.server("speech")
    add_servicers(server, parts)
    relay = Relay(database, EVENT_TABLES, bus, streams=[EVENTS, work_stream("speech")], clock=clock)
    await relay.check_streams()
    peer = await build.peer_of(server)
    return World(
        syntheses=peer.stub(synthesis_service_pb2_grpc.SynthesisServiceStub),
        voices=peer.stub(voice_service_pb2_grpc.VoiceServiceStub),
        recognitions=peer.stub(recognition_service_pb2_grpc.RecognitionServiceStub),
        texts=peer.stub(text_service_pb2_grpc.TextServiceStub),
        templates=peer.stub(template_service_pb2_grpc.TemplateServiceStub),
        custom_voices=peer.stub(custom_voice_service_pb2_grpc.CustomVoiceServiceStub),
        history=peer.stub(history_service_pb2_grpc.HistoryServiceStub),
        dubbings=peer.stub(dubbing_service_pb2_grpc.DubbingServiceStub),
        dubber=dubber,
        listener=listener,
        web=web,
        jobs=fakes,
        units=units,
        engines=peer.stub(engine_service_pb2_grpc.EngineServiceStub),
        tasks=peer.stub(task_service_pb2_grpc.TaskServiceStub),
        ledger=ledger,
        audio_store=audio_store,
        synthesizer=synthesizer,
        engine=engine,
        directory=directory,
        database=database,
        relay=relay,
        workers=tuple(_worker(parts, bus, lane, places) for lane, places in LANES.items()),
        sweeper=Sweeper(units),
        clock=clock,
        tokens=tokens,
        parts=parts,
        cache=cache,
    )


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        yield await open_world(stack, tmp_path)
