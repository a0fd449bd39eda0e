"""A service of one loop and a health port, as a process: `python -m tests.unit.kit.runtime.sample_app`."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from kit.app import App
from kit.clock import SystemClock
from kit.config import ServiceConfig, service_settings
from kit.entrypoint import main
from kit.rpc.tokens import TokenVerifier
from kit.wiring import make_rpc_server, open_database

STUBBORN_VARIABLE = "SAMPLE_IS_STUBBORN"
MIGRATIONS = Path(__file__).parent / "migrations"


class SampleConfig(ServiceConfig):
    model_config = service_settings("sample")


async def build(app: App[SampleConfig]) -> None:
    await open_database(app)
    server = make_rpc_server(app, TokenVerifier(SystemClock()))
    app.background("idle", idle)
    app.serve_rpc(server)


async def idle(stop: asyncio.Event) -> None:
    await stop.wait()
    if STUBBORN_VARIABLE in os.environ:
        await asyncio.Event().wait()


if __name__ == "__main__":
    raise SystemExit(main("sample", SampleConfig, build, MIGRATIONS))
