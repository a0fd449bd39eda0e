"""A whole service as its process runs it, in the loop of the test: its own build, real keys, a broker if given one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from kit.app import App, Build
from kit.clock import SystemClock
from kit.config import ServiceConfig
from kit.events.waiting import wait_any
from kit.observability.health import Status
from kit.process import AppSpec, running
from kit.rpc.observer import SilentObserver
from kit.rpc.server import RpcServer
from tests.fakes.servicers_keys import FakeKeys
from tests.fakes.tokens import FakeTokens
from voxreel.common.v1 import key_service_pb2_grpc

C = TypeVar("C", bound=ServiceConfig)

SERVICE_TOKEN = "the-service-token"
_SERVICES = Path(__file__).resolve().parents[2] / "services"
_READY_WITHIN_S = 60.0
# Reserved (RFC 863); nothing answers there, so the broker and the other peers are away.
_NOBODY = "127.0.0.1:9"
_NOWHERE = f"nats://{_NOBODY}"


@asynccontextmanager
async def serving(
    config_class: type[C], build: Build[C], folder: Path, **more_settings: object
) -> AsyncIterator[tuple[App[C], FakeTokens]]:
    """The app, ready, and tokens it accepts. Further settings are those of the config class."""
    tokens = FakeTokens(SystemClock())
    auth = RpcServer("auth", verifier=tokens.verifier, service_token=SERVICE_TOKEN, observer=SilentObserver())
    auth.add(key_service_pb2_grpc.add_KeyServiceServicer_to_server, FakeKeys(tokens))
    auth_port = await auth.start("127.0.0.1:0")
    name = config_class.service_name()
    settings: dict[str, Any] = {
        "port": 0,
        "admin_port": 0,
        "data_dir": folder,
        "service_token": SERVICE_TOKEN,
        "nats_url": _NOWHERE,
        "peers": {"auth": f"127.0.0.1:{auth_port}", "billing": _NOBODY, "files": _NOBODY},
    }
    config = config_class(**{**settings, **more_settings})
    try:
        async with running(AppSpec(name, config, build, _SERVICES / name / "migrations")) as app:
            async with asyncio.timeout(_READY_WITHIN_S):
                while await app.health.step() is Status.NOT_SERVING:
                    await wait_any(asyncio.Event(), timeout_s=0.02)
            yield app, tokens
            await app.drain(asyncio.get_running_loop().time() + 5)
    finally:
        await auth.stop(0)
