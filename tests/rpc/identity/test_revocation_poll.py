"""Asking auth for revocations that the broker did not bring."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from kit.clock import SystemClock
from kit.errors import DomainError, Unavailable
from kit.identity.revocation_poll import RevocationPoll
from kit.identity.revocations import RevocationFeed
from kit.rpc.client import Peer
from kit.rpc.observer import SilentObserver
from kit.rpc.server import RpcServer
from kit.rpc.status import service_unavailable
from kit.rpc.times import timestamp_of
from kit.rpc.tokens import TokenVerifier
from tests.fakes.servicers_keys import FakeKeys
from tests.fakes.tokens import FakeTokens
from tests.polling import eventually
from tests.rpc.identity.revoking import USER_ID, is_void
from voxreel.common.v1 import key_service_pb2_grpc
from voxreel.common.v1.identity_events_pb2 import UserAccessRevoked

METHOD = "ListRevocations"
SERVICE_TOKEN = "a-service-token"
# Reserved (RFC 863); nothing answers there.
NOWHERE = "nats://127.0.0.1:9"


@dataclass
class World:
    """A verifier that hears no broker, and an auth service to ask."""

    keys: FakeKeys
    verifier: TokenVerifier
    poll: RevocationPoll

    def revoke(self, user_id: int = USER_ID, *, before: timedelta = timedelta(0), is_frozen: bool = False) -> None:
        """Auth voids the user's tokens of before the next second, less a while."""
        not_before = timestamp_of(SystemClock().now() + timedelta(seconds=1) - before)
        self.keys.revocations.append(UserAccessRevoked(user_id=user_id, not_before=not_before, is_frozen=is_frozen))


@pytest.fixture
async def world(tokens: FakeTokens) -> AsyncIterator[World]:
    clock = SystemClock()
    server = RpcServer("auth", verifier=tokens.verifier, service_token=SERVICE_TOKEN, observer=SilentObserver())
    keys = FakeKeys(tokens)
    server.add(key_service_pb2_grpc.add_KeyServiceServicer_to_server, keys)
    port = await server.start("127.0.0.1:0")
    verifier = TokenVerifier(clock)
    verifier.set_keys(tokens.public_keys())
    feed = RevocationFeed(NOWHERE, verifier, clock=clock, name="test")
    async with Peer(f"127.0.0.1:{port}", caller="test", service_token=SERVICE_TOKEN) as auth:
        yield World(keys, verifier, RevocationPoll(auth, feed, verifier, clock=clock))
    await server.stop(0)


async def test_a_look_brings_what_tokens_may_still_concern(world: World, tokens: FakeTokens) -> None:
    token = tokens.issue(USER_ID)
    world.revoke(USER_ID + 1, before=timedelta(hours=2))
    world.revoke(is_frozen=True)
    assert await world.poll.step() == 1
    with pytest.raises(DomainError, match="ACCOUNT_FROZEN: 账号已被冻结"):
        world.verifier.verify(token)


async def test_the_next_look_is_at_the_news_and_a_little_before(world: World) -> None:
    world.revoke(before=timedelta(minutes=30))
    assert await world.poll.step() == 1
    assert await world.poll.step() == 0
    world.revoke(before=timedelta(seconds=10))
    assert await world.poll.step() == 1


async def test_many_pages_are_read_to_the_end(world: World, tokens: FakeTokens) -> None:
    world.keys.page_size = 3
    for user_id in range(1, 9):
        world.revoke(user_id)
    assert await world.poll.step() == 8
    assert is_void(world.verifier, tokens.issue(8))


async def test_it_asks_on_while_auth_is_away(world: World, tokens: FakeTokens) -> None:
    token, stop = tokens.issue(USER_ID), asyncio.Event()
    world.keys.refusals.by_method[METHOD] = service_unavailable()
    with pytest.raises(Unavailable):
        await world.poll.step()
    running = asyncio.create_task(world.poll.run(stop))
    world.revoke()
    await eventually(lambda: len(world.keys.refusals.calls) >= 2)
    assert not is_void(world.verifier, token)
    world.keys.refusals.by_method.clear()
    await eventually(lambda: is_void(world.verifier, token))
    stop.set()
    async with asyncio.timeout(60):
        await running
