"""The speech service on a real server, its peers on real channels, its worker stepped by the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

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
from kit.tasks.model import TaskKind
from kit.tasks.notifier import TaskNotifier
from kit.tasks.servicer import TaskServicer
from kit.tasks.sweeper import Sweeper
from kit.tasks.worker import Worker
from services.speech.engines.registry import SynthesizerSettings
from services.speech.peers.billing import BillingCreditHolds
from services.speech.peers.files import FilesAudioFiles
from services.speech.rpc.engine_servicer import EngineServicer
from services.speech.rpc.synthesis_servicer import SynthesisServicer
from services.speech.rpc.voice_servicer import VoiceServicer
from services.speech.store.tables import EVENT_TABLES, TASKS
from services.speech.store.uow import SpeechUnit
from services.speech.usecases.create_synthesis import CreateSynthesis, QueueLimits
from services.speech.usecases.engines import EngineDirectory, SynthesisEngine
from services.speech.usecases.synthesize import SynthesisHandler
from services.speech.usecases.voice_previews import VoicePreviews
from tests.fakes.clock import FakeClock
from tests.fakes.tokens import FakeTokens
from tests.rpc.speech.fakes import FakeAudioStore, FakeLedger, FakeSynthesizer
from voxreel.billing.v1 import ledger_service_pb2_grpc
from voxreel.engine.v1 import engine_service_pb2_grpc
from voxreel.files.v1 import file_service_pb2_grpc
from voxreel.speech.v1 import synthesis_service_pb2_grpc, voice_service_pb2_grpc
from voxreel.task.v1 import task_service_pb2_grpc

SERVICE_TOKEN = "the-service-token"
MIGRATIONS = Path(__file__).parents[3] / "services" / "speech" / "migrations"
USER_LIMIT = 4
S = TypeVar("S")


@dataclass
class World:
    """The service, what it stands on and stubs to call it."""

    syntheses: synthesis_service_pb2_grpc.SynthesisServiceAsyncStub
    voices: voice_service_pb2_grpc.VoiceServiceAsyncStub
    engines: engine_service_pb2_grpc.EngineServiceAsyncStub
    tasks: task_service_pb2_grpc.TaskServiceAsyncStub
    ledger: FakeLedger
    audio_store: FakeAudioStore
    synthesizer: FakeSynthesizer
    engine: SynthesisEngine
    directory: EngineDirectory
    database: Database
    relay: Relay
    worker: Worker
    sweeper: Sweeper
    clock: FakeClock
    tokens: FakeTokens

    @contextmanager
    def user(self, user_id: int = 7) -> Iterator[None]:
        """Calls inside are the user's."""
        bound = bind_call(CallContext(access_token=self.tokens.issue(user_id, token_id=f"t-{user_id}")))
        try:
            yield
        finally:
            unbind_call(bound)

    async def work(self) -> None:
        """Relays what was queued and lets the worker do it."""
        await self.relay.step()
        await self.worker.step()


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


async def _open_world(stack: AsyncExitStack, folder: Path) -> World:
    tokens, clock, ids = FakeTokens(SystemClock()), FakeClock(SystemClock().now()), RandomIds()
    build = _Builder(stack, tokens)
    ledger, audio_store, synthesizer = FakeLedger(), FakeAudioStore(), FakeSynthesizer()
    billing = await build.peer_with("billing", ledger_service_pb2_grpc.add_LedgerServiceServicer_to_server, ledger)
    files = await build.peer_with("files", file_service_pb2_grpc.add_FileServiceServicer_to_server, audio_store)
    database = await _database(stack, folder)
    events = EventSource("speech", ids, clock)
    units = Units(database, lambda connection: SpeechUnit(connection, events))
    bus, notifier = MemoryBus(clock), TaskNotifier()
    engine = SynthesisEngine(synthesizer.name, synthesizer.voices())
    directory = EngineDirectory(SynthesizerSettings(model_cache_dir=folder / "models"), engine)
    server = build.server("speech")
    syntheses = CreateSynthesis(
        units, BillingCreditHolds(billing), engine, ids=ids, limits=QueueLimits(USER_LIMIT, USER_LIMIT + 2)
    )
    audio_files = FilesAudioFiles(files)
    previews = VoicePreviews(synthesizer, engine, audio_files)
    additions: tuple[tuple[Any, Any], ...] = (
        (synthesis_service_pb2_grpc.add_SynthesisServiceServicer_to_server, SynthesisServicer(syntheses)),
        (voice_service_pb2_grpc.add_VoiceServiceServicer_to_server, VoiceServicer(engine, previews)),
        (engine_service_pb2_grpc.add_EngineServiceServicer_to_server, EngineServicer(directory)),
        (task_service_pb2_grpc.add_TaskServiceServicer_to_server, TaskServicer(database, TASKS, notifier)),
    )
    for register, servicer in additions:
        server.add(register, servicer)
    relay = Relay(database, EVENT_TABLES, bus, streams=[EVENTS, work_stream("speech")], clock=clock)
    await relay.check_streams()
    peer = await build.peer_of(server)
    return World(
        syntheses=peer.stub(synthesis_service_pb2_grpc.SynthesisServiceStub),
        voices=peer.stub(voice_service_pb2_grpc.VoiceServiceStub),
        engines=peer.stub(engine_service_pb2_grpc.EngineServiceStub),
        tasks=peer.stub(task_service_pb2_grpc.TaskServiceStub),
        ledger=ledger,
        audio_store=audio_store,
        synthesizer=synthesizer,
        engine=engine,
        directory=directory,
        database=database,
        relay=relay,
        worker=Worker(
            units,
            bus,
            service="speech",
            handlers={TaskKind.TTS: SynthesisHandler(synthesizer, audio_files, timeout_s=5)},
            instance="test",
            boot="1",
            clock=clock,
            notifier=notifier,
            concurrency=4,
        ),
        sweeper=Sweeper(units),
        clock=clock,
        tokens=tokens,
    )


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        yield await _open_world(stack, tmp_path)
