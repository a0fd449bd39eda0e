"""The whole auth service on a free port, with a broker of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from kit.app import App
from kit.events.bus import ConsumerSpec
from kit.events.memory import MemoryBus
from kit.events.streams import EVENTS
from kit.ids import RandomIds
from kit.process import AppSpec, running
from kit.rpc.client import Peer
from kit.rpc.context import CallContext, bind_call, unbind_call
from services.auth.app import Surroundings, assemble
from services.auth.config import AuthConfig, FirstAdmin, WebhookSettings
from tests.fakes.clock import FakeClock
from tests.polling import eventually
from voxreel.auth.v1 import account_service_pb2 as pb
from voxreel.auth.v1 import (
    account_service_pb2_grpc,
    activity_service_pb2_grpc,
    audit_service_pb2_grpc,
    phone_service_pb2_grpc,
    user_admin_service_pb2_grpc,
    user_service_pb2_grpc,
    webhook_service_pb2_grpc,
)
from voxreel.common.v1 import key_service_pb2_grpc
from voxreel.common.v1.event_pb2 import EventEnvelope

MIGRATIONS = Path(__file__).resolve().parents[3] / "services" / "auth" / "migrations"
SERVICE_TOKEN = "a-service-token-of-tests"
PASSWORD = "password123"


@dataclass
class AuthService:
    """The running service, and stubs over a real channel."""

    accounts: account_service_pb2_grpc.AccountServiceAsyncStub
    phones: phone_service_pb2_grpc.PhoneServiceAsyncStub
    keys: key_service_pb2_grpc.KeyServiceAsyncStub
    users: user_service_pb2_grpc.UserServiceAsyncStub
    admin: user_admin_service_pb2_grpc.UserAdminServiceAsyncStub
    activities: activity_service_pb2_grpc.ActivityServiceAsyncStub
    audit: audit_service_pb2_grpc.AuditServiceAsyncStub
    webhooks: webhook_service_pb2_grpc.WebhookServiceAsyncStub
    stranger: user_service_pb2_grpc.UserServiceAsyncStub
    clock: FakeClock
    bus: MemoryBus
    database_path: Path

    async def register(self, account: str = "Alice") -> int:
        response = await self.accounts.Register(pb.RegisterRequest(account=account, password=PASSWORD))
        return response.user.id

    async def login(self, account: str = "Alice", password: str = PASSWORD) -> pb.LoginResponse:
        return await self.accounts.Login(pb.LoginRequest(account=account, password=password))

    async def next_events(self, count: int) -> list[EventEnvelope]:
        """The next events as they reach the broker, oldest first."""
        spec = ConsumerSpec(EVENTS.name, "test--probe", ("evt.>",))
        subscription = self.bus.consume(spec)
        found: list[EventEnvelope] = []
        async with asyncio.timeout(60):
            while len(found) < count:
                for message in await subscription.fetch(count, 0.1):
                    found.append(EventEnvelope.FromString(message.body))
                    await message.ack()
        return found

    async def change_database(self, *statements: str) -> None:
        """What an administrator's tool does to the database."""
        await asyncio.to_thread(self._execute, statements)

    def _execute(self, statements: Sequence[str]) -> None:
        engine = create_engine(f"sqlite:///{self.database_path}")
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()


@contextmanager
def calling_as(access_token: str) -> Iterator[None]:
    """Calls within carry the token."""
    binding = bind_call(CallContext(request_id="test-request", access_token=access_token))
    try:
        yield
    finally:
        unbind_call(binding)


@pytest.fixture
async def auth(tmp_path: Path) -> AsyncIterator[AuthService]:
    config = AuthConfig(
        port=0,
        admin_port=0,
        data_dir=tmp_path,
        service_token=SecretStr(SERVICE_TOKEN),
        first_admin=FirstAdmin(account="root", password=SecretStr(PASSWORD)),
        webhooks=WebhookSettings(is_local_allowed=True),
    )
    clock = FakeClock()
    bus = MemoryBus(clock)

    async def build(app: App[AuthConfig]) -> None:
        await assemble(app, Surroundings(bus, clock, RandomIds()))

    async with running(AppSpec("auth", config, build, MIGRATIONS)) as app:
        await eventually(lambda: app.health.is_ready)
        address = f"127.0.0.1:{app.port}"
        async with (
            Peer(address, caller="test", service_token=SERVICE_TOKEN) as peer,
            Peer(address, caller="stranger") as stranger,
        ):
            yield AuthService(
                accounts=peer.stub(account_service_pb2_grpc.AccountServiceStub),
                phones=peer.stub(phone_service_pb2_grpc.PhoneServiceStub),
                keys=peer.stub(key_service_pb2_grpc.KeyServiceStub),
                users=peer.stub(user_service_pb2_grpc.UserServiceStub),
                admin=peer.stub(user_admin_service_pb2_grpc.UserAdminServiceStub),
                activities=peer.stub(activity_service_pb2_grpc.ActivityServiceStub),
                audit=peer.stub(audit_service_pb2_grpc.AuditServiceStub),
                webhooks=peer.stub(webhook_service_pb2_grpc.WebhookServiceStub),
                stranger=stranger.stub(user_service_pb2_grpc.UserServiceStub),
                clock=clock,
                bus=bus,
                database_path=tmp_path / "auth.db",
            )
