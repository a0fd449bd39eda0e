"""Secrets are replaced while everything runs: at each step both the old and the new one are good, and then only one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from kit.app import App
from kit.errors import Forbidden, Unauthenticated
from kit.events.memory import MemoryBus
from kit.identity.keys import KeyKeeper
from kit.ids import RandomIds
from kit.process import AppSpec, running
from kit.rpc.client import Peer
from kit.rpc.times import timestamp_of
from kit.rpc.tokens import TokenVerifier
from services.auth.app import Surroundings, assemble
from services.auth.config import AuthConfig, FirstAdmin
from services.auth.crypto.keys import key_ring, read_or_create_key
from tests.fakes.clock import FakeClock
from tests.polling import eventually
from tests.rpc.auth.conftest import MIGRATIONS, PASSWORD, calling_as
from voxreel.auth.v1 import account_service_pb2 as pb
from voxreel.auth.v1 import account_service_pb2_grpc, user_service_pb2, user_service_pb2_grpc
from voxreel.common.v1 import key_service_pb2, key_service_pb2_grpc

FIRST, SECOND = "the-first-service-token", "the-second-service-token"


@dataclass
class Release:
    """Auth as it runs with the settings of one step, and another service that verifies tokens."""

    accounts: account_service_pb2_grpc.AccountServiceAsyncStub
    users: user_service_pb2_grpc.UserServiceAsyncStub
    keeper: KeyKeeper
    address: str

    async def login(self) -> pb.LoginResponse:
        return await self.accounts.Login(pb.LoginRequest(account="root", password=PASSWORD))

    async def may_call_inside(self, service_token: str) -> bool:
        """Whether a service with this token may make calls that are for services."""
        async with Peer(self.address, caller="test", service_token=service_token) as peer:
            keys = peer.stub(key_service_pb2_grpc.KeyServiceStub)
            try:
                await keys.ListRevocations(
                    key_service_pb2.ListRevocationsRequest(since=timestamp_of(FakeClock().now()))
                )
            except Forbidden:
                return False
            return True


class Steps:
    """Starts one release after the other on the same database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.clock = FakeClock()
        self.verifier = TokenVerifier(self.clock)

    @asynccontextmanager
    async def release(self, **settings: str) -> AsyncIterator[Release]:
        config = AuthConfig(
            port=0,
            admin_port=0,
            data_dir=self._folder,
            first_admin=FirstAdmin(account="root", password=SecretStr(PASSWORD)),
            **{"service_token": FIRST, **settings},
        )

        async def build(app: App[AuthConfig]) -> None:
            await assemble(app, Surroundings(MemoryBus(self.clock), self.clock, RandomIds()))

        async with running(AppSpec("auth", config, build, MIGRATIONS)) as app:
            await eventually(lambda: app.health.is_ready, within_s=60)
            address = f"127.0.0.1:{app.port}"
            async with Peer(address, caller="test", service_token=config.service_token.get_secret_value()) as peer:
                yield Release(
                    peer.stub(account_service_pb2_grpc.AccountServiceStub),
                    peer.stub(user_service_pb2_grpc.UserServiceStub),
                    KeyKeeper(peer, self.verifier),
                    address,
                )


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    return Steps(tmp_path / "data")


async def test_the_signing_key_is_replaced_with_no_token_refused(steps: Steps, tmp_path: Path) -> None:
    old, new = (read_or_create_key(tmp_path / name) for name in ("old.pem", "new.pem"))
    old_public, new_public = (key_ring(pem, "").public_keys[0].pem for pem in (old, new))

    async with steps.release(signing_key=old, previous_keys=new_public) as announced:
        before = await announced.login()
        await announced.keeper.step()
        assert steps.verifier.verify(before.access_token).account == "root"

    async with steps.release(signing_key=new, previous_keys=old_public) as replaced:
        after = await replaced.login()
        # Known before the first token of it was made, so nobody had to ask; and the old one is still good.
        assert steps.verifier.verify(after.access_token).account == "root"
        await replaced.keeper.step()
        for token in (before.access_token, after.access_token):
            assert steps.verifier.verify(token).account == "root"
            with calling_as(token):
                profile = await replaced.users.GetProfile(user_service_pb2.GetProfileRequest())
            assert profile.user.account == "root"

    async with steps.release(signing_key=new) as finished:
        await finished.keeper.step()
        assert steps.verifier.verify(after.access_token).account == "root"
        with pytest.raises(Unauthenticated):
            steps.verifier.verify(before.access_token)
        with calling_as(before.access_token), pytest.raises(Unauthenticated):
            await finished.users.GetProfile(user_service_pb2.GetProfileRequest())
        # Sessions are no matter of the key.
        renewed = await finished.accounts.RefreshAccessToken(
            pb.RefreshAccessTokenRequest(refresh_token=before.refresh_token)
        )
        assert steps.verifier.verify(renewed.access_token).account == "root"


async def test_the_service_token_is_replaced_with_no_call_refused(steps: Steps) -> None:
    async with steps.release(service_token=FIRST, second_service_token=SECOND) as announced:
        assert await announced.may_call_inside(FIRST) and await announced.may_call_inside(SECOND)
    async with steps.release(service_token=SECOND, second_service_token=FIRST) as replaced:
        assert await replaced.may_call_inside(FIRST) and await replaced.may_call_inside(SECOND)
    async with steps.release(service_token=SECOND) as finished:
        assert await finished.may_call_inside(SECOND)
        assert not await finished.may_call_inside(FIRST)
        assert not await finished.may_call_inside("")
