"""Two replicas are replaced one after the other while they are called: nobody notices."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from kit.app import App
from kit.process import AppSpec, running
from kit.rpc.client import Peer
from services.auth.app import build
from services.auth.config import AuthConfig
from tests.k8s.rendering import ROOT
from tests.polling import eventually
from tests.ports import free_port
from voxreel.common.v1 import key_service_pb2, key_service_pb2_grpc

CALLERS = 4


class Replica:
    """A pod of auth, on the same address after it was replaced."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        settings = {
            "port": self.port,
            "admin_port": 0,
            "data_dir": folder,
            "grace_s": 5.0,
            "service_token": "0123456789abcdef",
            "nats_url": f"nats://127.0.0.1:{free_port()}",
        }
        config = AuthConfig.model_validate(settings)
        self._spec = AppSpec("auth", config, build, ROOT / "services" / "auth" / "migrations")
        self._stack = AsyncExitStack()
        self._app: App[AuthConfig] | None = None

    async def start(self) -> None:
        """Returns when it is ready."""
        app = self._app = await self._stack.enter_async_context(running(self._spec))
        await eventually(lambda: app.health.is_ready)

    async def stop(self) -> None:
        """As on SIGTERM. Does nothing when it has stopped."""
        if self._app is not None:
            app, self._app = self._app, None
            await app.drain(asyncio.get_running_loop().time() + 5)
            await self._stack.aclose()


class Callers:
    """A few who call without a pause, and count what was answered since somebody asked last."""

    def __init__(self, peer: Peer) -> None:
        self._keys = peer.stub(key_service_pb2_grpc.KeyServiceStub)
        self._stop = asyncio.Event()
        self._answers = 0

    async def run(self) -> None:
        """Raises what a call raises."""
        async with asyncio.TaskGroup() as group:
            for _ in range(CALLERS):
                group.create_task(self._call())

    async def are_answered(self) -> None:
        """Returns after a hundred more answers."""
        wanted = self._answers + 100
        await eventually(lambda: self._answers >= wanted)

    def stop(self) -> None:
        self._stop.set()

    async def _call(self) -> None:
        while not self._stop.is_set():
            await self._keys.ListVerificationKeys(key_service_pb2.ListVerificationKeysRequest())
            self._answers += 1


async def test_no_call_fails_while_each_replica_is_replaced(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        replicas = [Replica(tmp_path / str(number)) for number in range(2)]
        for replica in replicas:
            stack.push_async_callback(replica.stop)
            await replica.start()
        target = "ipv4:" + ",".join(f"127.0.0.1:{replica.port}" for replica in replicas)
        peer = await stack.enter_async_context(Peer(target, caller="test", service_token="0123456789abcdef"))
        callers = Callers(peer)
        async with asyncio.TaskGroup() as group:
            group.create_task(callers.run())
            for replica in replicas:
                await callers.are_answered()
                await replica.stop()
                await callers.are_answered()
                await replica.start()
            await callers.are_answered()
            callers.stop()
