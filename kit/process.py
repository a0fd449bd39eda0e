"""Runs apps in this process: one of them, or all of a small installation in one event loop."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import structlog

from kit.app import App, Build, Role
from kit.config import ProcessConfig, ServiceConfig, masked
from kit.lifeline import stop_with_supervisor
from kit.observability.logging import configure_logging, flush_access_log

C = TypeVar("C", bound=ProcessConfig)

_log = structlog.get_logger()
# Allocations without a free before the youngest generation is collected.
_YOUNG_OBJECTS = 20_000


class TracingMissing(Exception):
    """Spans are to be sent, and what sends them is not installed."""

    def __init__(self) -> None:
        super().__init__("install the extra `tracing` or unset TRACING__ENDPOINT")


@dataclass(frozen=True, slots=True)
class AppSpec(Generic[C]):
    """What an app is made from. `migrations` is the alembic folder; None for an app without a database."""

    name: str
    config: C
    build: Build[C]
    migrations: Path | None
    role: Role = Role.SERVE


def run_apps(specs: Sequence[AppSpec[Any]]) -> int:
    """Starts the apps in order, runs until SIGTERM or SIGINT, drains in reverse. Answers the exit status.

    A second signal ends the process at once.
    """
    configure_logging(_most_talkative(specs))
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_run(specs))
    except Exception as error:
        _log.critical("process.failed", exc_info=error)
        return 1
    finally:
        flush_access_log()
    return 0


@asynccontextmanager
async def running(spec: AppSpec[C]) -> AsyncIterator[App[C]]:
    """An app from its migrations to its health loop. The body drains it; leaving closes what is left."""
    with structlog.contextvars.bound_contextvars(service=spec.name):
        _log.info("app.starting", role=spec.role, settings=masked(spec.config))
        spec.config.data_dir.mkdir(parents=True, exist_ok=True)
        async with App(spec.name, spec.config, role=spec.role) as app:
            await _trace(app)
            if spec.migrations is not None and isinstance(spec.config, ServiceConfig):
                await _migrate(app, spec.config, spec.migrations)
            await spec.build(app)
            await app.start()
            yield app


async def _run(specs: Sequence[AppSpec[Any]]) -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    stop_with_supervisor(stop)
    grace_s = max(spec.config.grace_s for spec in specs)
    async with AsyncExitStack() as stack:
        apps = [await stack.enter_async_context(running(spec)) for spec in specs]
        tune_garbage_collection()
        await stop.wait()
        deadline = asyncio.get_running_loop().time() + grace_s
        for app in reversed(apps):
            await app.drain(deadline)
    _log.info("process.stopped")


def tune_garbage_collection() -> None:
    """What was built to stay is not looked at again, and short-lived objects of a busy second are not looked at
    hundreds of times: the default threshold costs 6 to 8 % of the time under load."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)


async def _migrate(app: App[C], config: ServiceConfig, migrations: Path) -> None:
    # Alembic is not needed by a process that only serves, so it is imported where it is used.
    from kit.db.migrate import MigrationCheck, upgrade

    url = config.db.url.get_secret_value()
    if config.auto_migrate:
        await asyncio.to_thread(upgrade, url, migrations)
    app.add_check("migrations", MigrationCheck(url, migrations).run)


async def _trace(app: App[C]) -> None:
    settings = app.config.tracing
    if not settings.endpoint:
        return
    try:
        from kit.observability.otel import OtelTracer

        opening = OtelTracer.open(
            app.name, app.config.instance, endpoint=settings.endpoint, sample_ratio=settings.sample_ratio
        )
        app.tracer = await app.open(opening)
    except ImportError as error:
        raise TracingMissing from error


def _stop_on_signals(stop: asyncio.Event) -> None:
    def on_signal(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        _log.info("process.stopping", signal=signal.Signals(number).name)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal, number)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _most_talkative(specs: Sequence[AppSpec[Any]]) -> str:
    wanted = {spec.config.log_level for spec in specs}
    return next(level for level in ("debug", "info", "warning", "error") if level in wanted)
