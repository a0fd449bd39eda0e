"""One real server with the whole chain and one real peer per test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from kit.clock import SystemClock
from kit.rpc.batch import BatchServicer
from kit.rpc.client import Peer
from kit.rpc.context import CallContext
from kit.rpc.server import Context, RpcServer
from tests.fakes.echo import EchoStub, FakeEcho, add_echo
from tests.fakes.tokens import FakeTokens
from voxreel.common.v1 import batch_service_pb2 as batch

SERVICE_TOKEN = "the-service-token"


@dataclass
class RecordingObserver:
    """Keeps what it is told."""

    done: list[tuple[str, int]] = field(default_factory=list)
    crashes: list[BaseException] = field(default_factory=list)

    def finished(self, method: str, code: int, seconds: float, call: CallContext) -> None:
        self.done.append((method.rsplit("/", 1)[1], code))

    def counted(self, method: str, seconds: float) -> None:
        self.done.append((method.rsplit("/", 1)[1], 0))

    def crashed(self, method: str, error: BaseException, call: CallContext) -> None:
        self.crashes.append(error)


@dataclass
class World:
    echo: FakeEcho
    stub: EchoStub
    peer: Peer
    tokens: FakeTokens
    observer: RecordingObserver
    server: RpcServer
    port: int
    batches: list[int]
    """How many calls each batch had."""


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    batches: list[int] = []
    serve = BatchServicer.Do

    async def counted(servicer: BatchServicer, request: batch.DoRequest, context: Context) -> batch.DoResponse:
        batches.append(len(request.calls))
        return await serve(servicer, request, context)

    monkeypatch.setattr(BatchServicer, "Do", counted)
    tokens = FakeTokens(SystemClock())
    observer = RecordingObserver()
    server = RpcServer("echo", verifier=tokens.verifier, service_token=SERVICE_TOKEN, observer=observer)
    echo = FakeEcho()
    server.add(add_echo, echo, sets={"Together": echo.answer_together})
    port = await server.start("127.0.0.1:0")
    async with Peer(f"127.0.0.1:{port}", caller="test", service_token=SERVICE_TOKEN) as peer:
        yield World(echo, peer.stub(EchoStub), peer, tokens, observer, server, port, batches)
    await server.stop(0)
