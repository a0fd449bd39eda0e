"""The video service on a real server, its peers on real channels, its worker stepped by the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
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
from kit.tasks.notifier import TaskNotifier
from kit.tasks.worker import Worker
from services.video.engines.base import ChromaKeyer
from services.video.engines.registry import VideoEngines
from services.video.engines.yuv_tables.engine import YuvTables
from services.video.media.prober import MediaProber
from services.video.parts import Parts, add_servicers, task_handlers
from services.video.peers.billing import BillingCreditHolds
from services.video.peers.files import FilesSourceFiles, FilesVideoFiles
from services.video.store.tables import EVENT_TABLES
from services.video.store.uow import VideoUnit
from services.video.usecases.preflight import Prober
from tests.fakes.tokens import FakeTokens
from tests.rpc.video.fakes import FakeEngines, FakeFiles, FakeLedger, FakeLipSyncer, FakeProber, FakeWeb, Gate
from voxreel.billing.v1 import ledger_service_pb2_grpc
from voxreel.files.v1 import file_service_pb2_grpc
from voxreel.task.v1 import task_service_pb2_grpc
from voxreel.video.v1 import link_service_pb2_grpc, render_service_pb2_grpc

SERVICE_TOKEN = "the-service-token"
MIGRATIONS = Path(__file__).parents[3] / "services" / "video" / "migrations"


@dataclass
class World:
    """The service, what it stands on and stubs to call it. `addresses` are those of its peers."""

    renders: render_service_pb2_grpc.RenderServiceAsyncStub
    links: link_service_pb2_grpc.LinkServiceAsyncStub
    tasks: task_service_pb2_grpc.TaskServiceAsyncStub
    ledger: FakeLedger
    files: FakeFiles
    web: FakeWeb
    fakes: FakeEngines
    gate: Gate
    engines: VideoEngines
    database: Database
    relay: Relay
    worker: Worker
    tokens: FakeTokens
    parts: Parts
    bus: MemoryBus
    addresses: dict[str, str]
    lips: FakeLipSyncer

    def new_worker(self, instance: str, parts: Parts) -> Worker:
        """Another replica's, over its own engines."""
        return _worker(self.bus, parts, instance)

    @contextmanager
    def user(self, user_id: int = 7) -> Iterator[None]:
        """Calls inside are the user's."""
        bound = bind_call(CallContext(access_token=self.tokens.issue(user_id, token_id=f"t-{user_id}")))
        try:
            yield
        finally:
            unbind_call(bound)

    @contextmanager
    def admin(self) -> Iterator[None]:
        """Calls inside are an administrator's."""
        bound = bind_call(CallContext(access_token=self.tokens.issue(1, is_admin=True, token_id="t-admin")))
        try:
            yield
        finally:
            unbind_call(bound)

    async def work(self) -> None:
        """Relays what was queued and lets the worker do it."""
        await self.relay.step()
        await self.worker.step()


async def _serving(stack: AsyncExitStack, server: RpcServer) -> str:
    port = await server.start("127.0.0.1:0")
    stack.push_async_callback(server.stop, 0)
    return f"127.0.0.1:{port}"


async def _peer_at(stack: AsyncExitStack, address: str) -> Peer:
    return await stack.enter_async_context(Peer(address, caller="test", service_token=SERVICE_TOKEN))


async def _open_world(
    stack: AsyncExitStack, folder: Path, *, prober: Prober | None = None, keyer: ChromaKeyer | None = None
) -> World:
    clock, ids = SystemClock(), RandomIds()
    tokens, ledger, gate, web = FakeTokens(clock), FakeLedger(), Gate(), FakeWeb()
    files, fakes = FakeFiles(gate), FakeEngines(gate)
    engines = fakes.slots(keyer)

    def server(name: str) -> RpcServer:
        return RpcServer(name, verifier=tokens.verifier, service_token=SERVICE_TOKEN, observer=SilentObserver())

    billing_server, files_server, video_server = server("billing"), server("files"), server("video")
    billing_server.add(ledger_service_pb2_grpc.add_LedgerServiceServicer_to_server, ledger)
    files_server.add(file_service_pb2_grpc.add_FileServiceServicer_to_server, files)
    addresses = {"billing": await _serving(stack, billing_server), "files": await _serving(stack, files_server)}
    billing, storage = [await _peer_at(stack, address) for address in addresses.values()]
    url = f"sqlite:///{folder / 'video.db'}"
    await asyncio.to_thread(upgrade, url, MIGRATIONS)
    database = await Database.open(DatabaseSettings(url=SecretStr(url)), name="video")
    stack.push_async_callback(database.close)
    events = EventSource("video", ids, clock)
    units = Units(database, lambda connection: VideoUnit(connection, events))
    bus = MemoryBus(clock)
    relay = Relay(database, EVENT_TABLES, bus, streams=[EVENTS, work_stream("video")], clock=clock)
    await relay.check_streams()
    parts = Parts(
        database=database,
        units=units,
        notifier=TaskNotifier(),
        ids=ids,
        acceptance=TaskAcceptance(units, BillingCreditHolds(billing), QueueLimits(4, 6)),
        sources=FilesSourceFiles(storage),
        web=web,
        prober=prober or FakeProber(),
        videos=FilesVideoFiles(storage),
        engines=engines,
        timeout_s=5,
    )
    add_servicers(video_server, parts)
    peer = await _peer_at(stack, await _serving(stack, video_server))
    worker = _worker(bus, parts, "test")
    return World(
        renders=peer.stub(render_service_pb2_grpc.RenderServiceStub),
        links=peer.stub(link_service_pb2_grpc.LinkServiceStub),
        tasks=peer.stub(task_service_pb2_grpc.TaskServiceStub),
        ledger=ledger,
        files=files,
        web=web,
        fakes=fakes,
        gate=gate,
        engines=engines,
        database=database,
        relay=relay,
        worker=worker,
        tokens=tokens,
        parts=parts,
        bus=bus,
        addresses=addresses,
        lips=fakes.lips,
    )


def _worker(bus: MemoryBus, parts: Parts, instance: str) -> Worker:
    return Worker(
        parts.units,
        bus,
        service="video",
        handlers=task_handlers(parts),
        instance=instance,
        boot="1",
        clock=SystemClock(),
        notifier=parts.notifier,
    )


@pytest.fixture
async def keying_world(tmp_path: Path) -> AsyncIterator[World]:
    """The service with its own look into media and its own keyer."""
    async with AsyncExitStack() as stack:
        prober = await stack.enter_async_context(aclosing(MediaProber()))
        keyer = await stack.enter_async_context(aclosing(YuvTables(producer="Voxreel")))
        yield await _open_world(stack, tmp_path, prober=prober, keyer=keyer)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        yield await _open_world(stack, tmp_path)
