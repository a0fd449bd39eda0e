"""The life of a process: settings, resources, background loops, servers, computed health, an orderly end.

A service says what it is made of in one function:

    async def build(app: App[BillingConfig]) -> None:
        database = await open_database(app)
        bus = await app.open(NatsBus.connect(...))                  # closed at the end, in reverse order
        server = RpcServer(app.name, ..., observer=app.observer)
        app.background("relay", relay.run, phase=Phase.SUPPORT)     # stopped last
        app.add_flush("outbox", relay.step)                         # once, after the last call and task
        if app.runs_workers:
            app.background("worker", worker.run)                    # told to stop first
        app.serve_rpc(server)

What `build` opened is closed when it fails half-way. After `build` the app starts its loops, then its servers, and
reports SERVING once every required check has passed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from enum import StrEnum
from functools import partial
from typing import Generic, Protocol, Self, TypeAlias, TypeVar

import structlog

from kit.config import ProcessConfig, ServiceConfig
from kit.db.database import Database
from kit.events.nats_bus import NatsBus
from kit.loops import BackgroundLoop, Phase, Run
from kit.observability.admin import AdminServer, admin_routes
from kit.observability.calls import CallRecorder
from kit.observability.health import Check, Health, Severity
from kit.observability.metrics import LoopLag, Metrics
from kit.observability.standard import RpcHealth, RpcReflection
from kit.rpc.server import RpcServer

C = TypeVar("C", bound=ProcessConfig)
S = TypeVar("S", bound=ServiceConfig)
T = TypeVar("T")

_log = structlog.get_logger()
# From saying that it does not serve any more until it refuses calls; at most this share of the time.
_NOTICE_S = 0.25
_NOTICE_SHARE = 0.1
# Of the time to stop, what calls and tasks may use; the rest is for the flush and for closing.
_WORK_SHARE = 0.7
# A worker gives back its leases after this share, while there is still time to write them.
_TASK_SHARE = 0.5
_FLUSH_SHARE = 0.5
# What a cancelled loop gets to clean up.
_LAST_WORDS_S = 1.0
_BROKER_CHECK_S = 0.5


class Role(StrEnum):
    """What a process was started as."""

    SERVE = "serve"
    WORKER = "worker"


class Closable(Protocol):
    async def close(self) -> None: ...


R = TypeVar("R", bound=Closable)


class Listener(Protocol):
    """Something that answers requests on a port."""

    async def start(self, address: str) -> int:
        """Binds "host:port" and answers the port."""
        ...

    async def stop(self, grace_s: float) -> None:
        """Refuses new requests and waits for the running ones, at most the grace."""
        ...


Build: TypeAlias = Callable[["App[C]"], Awaitable[None]]


class App(Generic[C]):
    """One service or the edge, as it runs. Use as `async with App(...) as app: await build(app); await app.start()`."""

    def __init__(self, name: str, config: C, *, role: Role = Role.SERVE) -> None:
        self.name = name
        self.config = config
        self.role = role
        self.health = Health()
        self.metrics = Metrics(name)
        self.observer = CallRecorder(name, self.metrics.calls)
        self.port = 0
        self.admin_port = 0
        self._stack = AsyncExitStack()
        self._loops: list[BackgroundLoop] = []
        self._listeners: list[Listener] = []
        self._flushes: list[tuple[str, Callable[[], Awaitable[object]]]] = []
        self._tasks: dict[Phase, list[asyncio.Task[None]]] = {phase: [] for phase in Phase}
        self._stops = {phase: asyncio.Event() for phase in Phase}

    @property
    def runs_workers(self) -> bool:
        """Whether this process does background work that a `worker` process could do instead."""
        if self.role is Role.WORKER:
            return True
        return isinstance(self.config, ServiceConfig) and self.config.is_worker_on

    @property
    def work_grace_s(self) -> float:
        """Seconds a worker may let its running tasks go on after it was told to stop."""
        return self.config.grace_s * _TASK_SHARE

    async def enter(self, context: AbstractAsyncContextManager[T]) -> T:
        """Enters a context that is left when the app ends."""
        return await self._stack.enter_async_context(context)

    async def open(self, opening: Awaitable[R]) -> R:
        """Awaits a resource and closes it when the app ends."""
        resource = await opening
        self._stack.push_async_callback(resource.close)
        return resource

    def background(self, name: str, run: Run, *, phase: Phase = Phase.WORK) -> None:
        """Runs a loop from the start of the app on. One that keeps failing makes the app unhealthy."""
        loop = BackgroundLoop(name, run, phase=phase)
        self._loops.append(loop)
        self.add_check(f"loop {name}", loop.check)

    def add_check(self, name: str, check: Check, *, severity: Severity = Severity.REQUIRED) -> None:
        """A check of the app's health; it raises when something is wrong."""
        self.health.add_check(name, check, severity=severity)

    def add_flush(self, name: str, flush: Callable[[], Awaitable[object]]) -> None:
        """Called once while the app ends, after the last call and task, before SUPPORT loops stop."""
        self._flushes.append((name, flush))

    def listen(self, listener: Listener) -> None:
        """Serves on the configured port; a worker process serves nothing."""
        if self.role is Role.SERVE:
            self._listeners.append(listener)

    def serve_rpc(self, server: RpcServer) -> None:
        """Serves gRPC on the configured port, with health and, where configured, reflection."""
        health = RpcHealth(server.service_names)
        self.health.on_change(health.report)
        server.add_open(health.register)
        if isinstance(self.config, ServiceConfig) and self.config.is_reflection_on:
            server.add_open(RpcReflection(server.service_names).register)
        self.listen(server)

    async def start(self) -> None:
        """Starts the loops, then the servers. Raises OSError when a port is taken."""
        admin = AdminServer(admin_routes(self.health, self.metrics))
        self.admin_port = await admin.start(self.config.admin_host, self.config.admin_port)
        self._stack.push_async_callback(admin.close)
        lag = LoopLag()
        self.metrics.gauge("loop_lag_seconds", "Worst delay of the event loop of late.", lag.worst_s)
        self.metrics.gauge("loop_lag_median_seconds", "Median delay of the event loop of late.", lag.median_s)
        for loop in self._loops:
            self._spawn(loop)
        await self.health.announce()
        for listener in self._listeners:
            await self._start_listener(listener)
        self._spawn(BackgroundLoop("loop lag", lag.run, phase=Phase.SUPPORT))
        self._spawn(BackgroundLoop("health", self.health.run, phase=Phase.SUPPORT))
        _log.info("app.started", role=self.role, port=self.port, admin_port=self.admin_port)

    async def drain(self, deadline: float) -> None:
        """Ends everything in order until `deadline`, in seconds of the loop's clock; what is late is cancelled.

        Not ready any more; workers told to stop; servers finish their calls; tasks finish or give back their
        leases; the outbox is flushed once; the other loops stop.
        """
        with structlog.contextvars.bound_contextvars(service=self.name):
            await self._drain(deadline)

    async def _drain(self, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        await self.health.drain()
        self._stops[Phase.WORK].set()
        if self._listeners:
            # Callers that watch the health go elsewhere now. What reaches a server that stops is lost.
            await asyncio.sleep(min(_NOTICE_S, max(0.0, deadline - loop.time()) * _NOTICE_SHARE))
        work_until = loop.time() + max(0.0, deadline - loop.time()) * _WORK_SHARE
        await self._stop_listeners(max(0.0, work_until - loop.time()))
        await _end(self._tasks[Phase.WORK], until=work_until)
        flush_until = loop.time() + max(0.0, deadline - loop.time()) * _FLUSH_SHARE
        for name, flush in self._flushes:
            await _flush_once(name, flush, until=flush_until)
        self._stops[Phase.SUPPORT].set()
        await _end(self._tasks[Phase.SUPPORT], until=flush_until)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        tasks = [task for phase in Phase for task in self._tasks[phase]]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._stop_listeners(0.0)
        await self._stack.aclose()

    def _spawn(self, loop: BackgroundLoop) -> None:
        running = asyncio.create_task(loop.supervise(self._stops[loop.phase]), name=f"{self.name} {loop.name}")
        self._tasks[loop.phase].append(running)

    async def _start_listener(self, listener: Listener) -> None:
        self.port = await listener.start(f"{self.config.host}:{self.config.port}")

    async def _stop_listeners(self, grace_s: float) -> None:
        listeners, self._listeners = self._listeners, []
        await asyncio.gather(*(listener.stop(grace_s) for listener in listeners))


async def open_database(app: App[S]) -> Database:
    """The service's database, checked as part of its health and closed when the app ends."""
    database = await app.open(Database.open(app.config.db, name=app.name))
    app.add_check("database", database.ping)
    return database


async def open_bus(app: App[S]) -> NatsBus:
    """The connection to the broker, made and kept in the background. Without it the app serves, degraded."""
    url = app.config.nats_url.get_secret_value()
    bus = await app.enter(NatsBus(url, name=app.name, replicas=app.config.nats_replicas))
    app.add_check("broker", partial(bus.wait_connected, _BROKER_CHECK_S), severity=Severity.DEGRADES)
    return bus


async def _end(tasks: list[asyncio.Task[None]], *, until: float) -> None:
    if not tasks:
        return
    left_s = max(0.0, until - asyncio.get_running_loop().time())
    _, late = await asyncio.wait(tasks, timeout=left_s)
    for task in late:
        _log.warning("app.loop_cancelled", loop=task.get_name())
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=_LAST_WORDS_S)


async def _flush_once(name: str, flush: Callable[[], Awaitable[object]], *, until: float) -> None:
    try:
        async with asyncio.timeout_at(until):
            await flush()
    except Exception as error:
        # What could not be sent stays in its table and is sent after the next start.
        _log.warning("app.flush_failed", flush=name, exc_info=error)
