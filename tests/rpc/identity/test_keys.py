"""Fetching the keys that verify tokens from a real server, and what an app's health makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from kit.app import App, Role
from kit.clock import SystemClock
from kit.config import ProcessConfig
from kit.errors import Unavailable
from kit.identity.keys import KeyKeeper
from kit.identity.supply import supply_verifier
from kit.observability.health import Status
from kit.rpc.client import Peer
from kit.rpc.observer import SilentObserver
from kit.rpc.server import RpcServer
from kit.rpc.status import service_unavailable
from kit.rpc.tokens import TokenVerifier
from tests.fakes.servicers_keys import FakeKeys
from tests.fakes.tokens import FakeTokens
from tests.polling import eventually
from tests.rpc.identity.revoking import is_void
from voxreel.common.v1 import key_service_pb2_grpc

METHOD = "ListVerificationKeys"
# Reserved (RFC 863); nothing answers there.
NOWHERE = "nats://127.0.0.1:9"


@dataclass
class World:
    """A verifier without keys, and a server that has them."""

    keys: FakeKeys
    auth: Peer
    verifier: TokenVerifier

    def is_void(self) -> bool:
        return is_void(self.verifier, self.keys.tokens.issue())


@pytest.fixture
async def world(tokens: FakeTokens) -> AsyncIterator[World]:
    server = RpcServer("auth", verifier=tokens.verifier, service_token="unused", observer=SilentObserver())
    keys = FakeKeys(tokens)
    server.add(key_service_pb2_grpc.add_KeyServiceServicer_to_server, keys)
    port = await server.start("127.0.0.1:0")
    async with Peer(f"127.0.0.1:{port}", caller="test") as auth:
        yield World(keys, auth, TokenVerifier(SystemClock()))
    await server.stop(0)


async def test_a_fetch_brings_the_keys(world: World) -> None:
    keeper = KeyKeeper(world.auth, world.verifier)
    world.keys.refusals.by_method[METHOD] = service_unavailable()
    with pytest.raises(Unavailable):
        await keeper.step()
    with pytest.raises(Unavailable):
        await keeper.check()
    world.keys.refusals.by_method.clear()
    await keeper.step()
    await keeper.check()
    assert not world.is_void()


async def test_it_asks_until_it_has_keys_and_again_when_a_token_names_an_unknown_one(world: World) -> None:
    keeper, stop = KeyKeeper(world.auth, world.verifier), asyncio.Event()
    world.keys.refusals.by_method[METHOD] = service_unavailable()
    running = asyncio.create_task(keeper.run(stop))
    await eventually(lambda: len(world.keys.refusals.calls) >= 2)
    assert not keeper.has_keys
    world.keys.refusals.by_method.clear()
    await eventually(lambda: keeper.has_keys)
    assert not world.is_void()
    world.verifier.set_keys({})
    assert world.is_void()
    await eventually(lambda: not world.is_void())
    stop.set()
    async with asyncio.timeout(60):
        await running


def _config(folder: Path) -> ProcessConfig:
    return ProcessConfig(
        data_dir=folder, nats_url=SecretStr(NOWHERE), service_token=SecretStr("a-token-nobody-asks-for")
    )


async def test_an_app_without_keys_does_not_serve_and_one_without_the_broker_does(world: World, tmp_path: Path) -> None:
    async with App("test", _config(tmp_path)) as app:
        keeper = supply_verifier(app, world.verifier, auth=world.auth, clock=SystemClock())
        assert await app.health.step() is Status.NOT_SERVING
        assert {name for name, result in app.health.results.items() if result.problem} == {"keys", "revocations"}
        await keeper.step()
        assert await app.health.step() is Status.DEGRADED


async def test_a_worker_that_nobody_calls_asks_for_nothing(world: World, tmp_path: Path) -> None:
    async with App("test", _config(tmp_path), role=Role.WORKER) as app:
        supply_verifier(app, world.verifier, auth=world.auth, clock=SystemClock())
        assert await app.health.step() is Status.SERVING
        assert app.health.results == {}
