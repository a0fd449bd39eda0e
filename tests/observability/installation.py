"""All apps of the platform in the loop of the test, as `voxreel up --single-process` runs them, with a broker of their
own and an engine that speaks at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.stack.catalog import app_spec, config_class
from cli.stack.names import APPS, EDGE, SERVICES
from kit.app import App
from kit.process import running
from services.speech.engines.registry import SYNTHESIZERS, SynthesizerEntry
from tests.nats import NatsServer
from tests.polling import eventually
from tests.ports import free_port
from tests.rpc.speech.fakes import FakeSynthesizer

_ENGINE = "kokoro"
_READY_WITHIN_S = 90.0
_GRACE_S = 5.0


class Installation:
    """What a client of `tests/stack` wants to know of a stack, and the apps themselves."""

    def __init__(self, ports: Mapping[str, int], apps: Mapping[str, App[Any]]) -> None:
        self.admin_password = "correct-horse-battery"
        self.apps = apps
        self._ports = ports

    @property
    def base_url(self) -> str:
        """Of the REST API."""
        return f"http://127.0.0.1:{self._ports[EDGE]}"

    def grpc_address(self, service: str) -> str:
        """`host:port` of a service."""
        return f"127.0.0.1:{self._ports[service]}"


@asynccontextmanager
async def installation(folder: Path, **settings: object) -> AsyncIterator[Installation]:
    """All apps, ready. Further settings are given to each of them."""
    ports = {app: free_port() for app in APPS}
    apps: dict[str, App[Any]] = {}
    installed = Installation(ports, apps)
    fake = SynthesizerEntry(lambda _settings: FakeSynthesizer(), SYNTHESIZERS[_ENGINE].examine)
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(NatsServer(folder))
        patching = stack.enter_context(pytest.MonkeyPatch.context())
        patching.setattr("services.speech.app.SYNTHESIZERS", {**SYNTHESIZERS, _ENGINE: fake})
        for app in APPS:
            values = {**_values(app, ports, folder), "nats_url": broker.url, **settings}
            if app == "auth":
                values["first_admin"] = {"account": "admin", "password": installed.admin_password}
            if app == "speech":
                values["synthesis"] = {"engine": _ENGINE}
            apps[app] = await stack.enter_async_context(running(app_spec(app, config_class(app)(**values))))
        await eventually(lambda: apps[EDGE].health.is_ready, within_s=_READY_WITHIN_S)
        yield installed
        deadline = asyncio.get_running_loop().time() + _GRACE_S
        for app in reversed(apps.values()):
            await app.drain(deadline)


def _values(app: str, ports: Mapping[str, int], folder: Path) -> dict[str, Any]:
    return {
        "port": ports[app],
        "admin_port": 0,
        "data_dir": folder / "data",
        "service_token": "the-token-of-the-services",
        "instance": app,
        "peers": {service: f"127.0.0.1:{ports[service]}" for service in SERVICES},
    }
