"""The whole billing service on a free port, with a broker of its own and a real server that stands in for auth."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.protobuf.message import Message
from pydantic import SecretStr

from kit.app import App
from kit.config import Peers
from kit.db.settings import DatabaseSettings
from kit.events.envelope import EventSource
from kit.events.memory import MemoryBus
from kit.events.streams import EVENTS
from kit.ids import RandomIds
from kit.process import AppSpec, running
from kit.rpc.client import Peer
from kit.rpc.context import CallContext, bind_call, unbind_call
from kit.rpc.observer import SilentObserver
from kit.rpc.server import Context, RpcServer
from services.billing.app import Surroundings, assemble
from services.billing.config import BillingConfig
from tests.databases import database_url, postgres_server
from tests.fakes.clock import FakeClock
from tests.fakes.servicers_keys import FakeKeys
from tests.fakes.tokens import FakeTokens
from tests.polling import eventually
from voxreel.auth.v1 import user_pb2, user_service_pb2, user_service_pb2_grpc
from voxreel.billing.v1 import (
    card_service_pb2_grpc,
    invite_service_pb2_grpc,
    ledger_service_pb2_grpc,
    package_service_pb2_grpc,
    pricing_service_pb2_grpc,
    statistics_service_pb2_grpc,
)
from voxreel.billing.v1 import ledger_service_pb2 as pb
from voxreel.common.v1 import key_service_pb2_grpc

__all__ = ["database_url", "postgres_server"]

MIGRATIONS = Path(__file__).resolve().parents[3] / "services" / "billing" / "migrations"
SERVICE_TOKEN = "a-service-token-of-tests"
# Reserved (RFC 863); nothing answers there. What billing reads of the broker comes over the bus it is given.
NOWHERE = "nats://127.0.0.1:9"
USER = 7
ADMIN = 1


class FakeUserServicer(user_service_pb2_grpc.UserServiceServicer):
    """Knows the users it was given, account by id."""

    def __init__(self) -> None:
        self.accounts = {USER: "alice", 8: "bob", 9: "carol", ADMIN: "root"}

    async def BatchGetUsers(
        self, request: user_service_pb2.BatchGetUsersRequest, context: Context
    ) -> user_service_pb2.BatchGetUsersResponse:
        known = [user_id for user_id in request.user_ids if user_id in self.accounts]
        found = [user_pb2.User(id=user_id, account=self.accounts[user_id]) for user_id in known]
        return user_service_pb2.BatchGetUsersResponse(users=found)

    async def FindUserIds(
        self, request: user_service_pb2.FindUserIdsRequest, context: Context
    ) -> user_service_pb2.FindUserIdsResponse:
        found = [user_id for user_id, account in self.accounts.items() if request.keyword in account]
        return user_service_pb2.FindUserIdsResponse(user_ids=found)


@dataclass
class BillingService:
    """The running service, and stubs over a real channel."""

    ledger: ledger_service_pb2_grpc.LedgerServiceAsyncStub
    cards: card_service_pb2_grpc.CardServiceAsyncStub
    invites: invite_service_pb2_grpc.InviteServiceAsyncStub
    prices: pricing_service_pb2_grpc.PricingServiceAsyncStub
    packages: package_service_pb2_grpc.PackageServiceAsyncStub
    statistics: statistics_service_pb2_grpc.StatisticsServiceAsyncStub
    stranger: ledger_service_pb2_grpc.LedgerServiceAsyncStub
    tokens: FakeTokens
    clock: FakeClock
    bus: MemoryBus
    address: str

    @contextmanager
    def calling_as(self, user_id: int) -> Iterator[None]:
        """Calls within carry a token of the user."""
        token = self.tokens.issue(user_id, is_admin=user_id == ADMIN)
        binding = bind_call(CallContext(request_id="test-request", access_token=token))
        try:
            yield
        finally:
            unbind_call(binding)

    async def recharge(self, credits: int, *, request_id: str = "first", user_id: int = USER) -> pb.Entry:
        request = pb.RechargeCreditsRequest(request_id=request_id, user_id=user_id, credits=credits)
        with self.calling_as(ADMIN):
            return (await self.ledger.RechargeCredits(request)).entry

    async def reserve(self, request_id: str, credits: int | None = None) -> pb.Hold:
        return (await self.ledger.ReserveCredits(reservation(request_id, credits))).hold

    async def balance(self, user_id: int = USER) -> tuple[int, int]:
        """What the user can spend and what is held."""
        with self.calling_as(user_id):
            response = await self.ledger.GetBalance(pb.GetBalanceRequest())
        return response.available_credits, response.held_credits

    async def publish(self, subject: str, payload: Message) -> None:
        """An event of another service."""
        service = subject.split(".")[1]
        event = EventSource(service, RandomIds(), self.clock).event(subject, payload, user_id=USER)
        await self.bus.publish(event.subject, event.body, message_id=event.id)


def reservation(request_id: str, credits: int | None = None) -> pb.ReserveCreditsRequest:
    """A reservation of speech synthesis for an hour."""
    request = pb.ReserveCreditsRequest(
        request_id=request_id,
        user_id=USER,
        feature_key="tts",
        credits=credits,
        description="TTS语音合成消耗积分",
    )
    request.expires_in.seconds = 3600
    return request


@asynccontextmanager
async def connected(address: str, number: int) -> AsyncIterator[list[Peer]]:
    """So many connections of their own."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(Peer(address, caller="test", service_token=SERVICE_TOKEN))
            for _ in range(number)
        ]


@asynccontextmanager
async def ledgers_of(address: str, number: int) -> AsyncIterator[list[ledger_service_pb2_grpc.LedgerServiceAsyncStub]]:
    """The ledger over so many connections of their own."""
    async with connected(address, number) as peers:
        yield [peer.stub(ledger_service_pb2_grpc.LedgerServiceStub) for peer in peers]


@asynccontextmanager
async def fake_auth(tokens: FakeTokens) -> AsyncIterator[str]:
    """Address of a server with users and keys."""
    server = RpcServer("auth", verifier=tokens.verifier, service_token=SERVICE_TOKEN, observer=SilentObserver())
    server.add(user_service_pb2_grpc.add_UserServiceServicer_to_server, FakeUserServicer())
    server.add(key_service_pb2_grpc.add_KeyServiceServicer_to_server, FakeKeys(tokens))
    port = await server.start("127.0.0.1:0")
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


@asynccontextmanager
async def serving_billing(folder: Path, database_url: str = "") -> AsyncIterator[BillingService]:
    """The service on a database that it migrates; without a URL, on SQLite in the folder."""
    clock = FakeClock()
    bus, tokens = MemoryBus(clock), FakeTokens(clock)
    await bus.ensure_stream(EVENTS)

    async def build(app: App[BillingConfig]) -> None:
        await assemble(app, Surroundings(bus, clock, RandomIds()))

    async with fake_auth(tokens) as auth_address:
        config = BillingConfig(
            port=0,
            admin_port=0,
            data_dir=folder,
            db=DatabaseSettings(
                url=SecretStr(database_url or f"sqlite:///{folder / 'billing.db'}"), synchronous="FULL"
            ),
            service_token=SecretStr(SERVICE_TOKEN),
            nats_url=SecretStr(NOWHERE),
            peers=Peers(auth=auth_address),
        )
        async with running(AppSpec("billing", config, build, MIGRATIONS)) as app:
            address = f"127.0.0.1:{app.port}"
            async with (
                Peer(address, caller="test", service_token=SERVICE_TOKEN) as peer,
                Peer(address, caller="stranger") as stranger,
            ):
                service = BillingService(
                    ledger=peer.stub(ledger_service_pb2_grpc.LedgerServiceStub),
                    cards=peer.stub(card_service_pb2_grpc.CardServiceStub),
                    invites=peer.stub(invite_service_pb2_grpc.InviteServiceStub),
                    prices=peer.stub(pricing_service_pb2_grpc.PricingServiceStub),
                    packages=peer.stub(package_service_pb2_grpc.PackageServiceStub),
                    statistics=peer.stub(statistics_service_pb2_grpc.StatisticsServiceStub),
                    stranger=stranger.stub(ledger_service_pb2_grpc.LedgerServiceStub),
                    tokens=tokens,
                    clock=clock,
                    bus=bus,
                    address=address,
                )
                await eventually(lambda: app.health.is_ready)
                yield service


@pytest.fixture
async def billing(tmp_path: Path) -> AsyncIterator[BillingService]:
    async with serving_billing(tmp_path) as service:
        yield service


@pytest.fixture
async def billing_on_both(tmp_path: Path, database_url: str) -> AsyncIterator[BillingService]:
    """The service once per engine, for what the engine may change."""
    async with serving_billing(tmp_path, database_url) as service:
        yield service
