"""Where the video service is put together."""

from __future__ import annotations

from functools import partial

from kit.app import App, open_database
from kit.clock import SystemClock
from kit.db.uow import Units
from kit.events.envelope import EventSource
from kit.events.nats_bus import NatsBus
from kit.events.relay import Relay
from kit.events.streams import EVENTS, work_stream
from kit.identity.supply import supply_verifier
from kit.ids import RandomIds
from kit.loops import Phase
from kit.observability.health import Severity
from kit.rpc.client import Peer
from kit.rpc.server import RpcServer
from kit.rpc.tokens import TokenVerifier
from kit.tasks.notifier import TaskNotifier
from kit.tasks.servicer import TaskServicer
from kit.tasks.sweeper import Sweeper
from services.video.config import VideoConfig
from services.video.rpc.engine_servicer import EngineServicer
from services.video.rpc.render_servicer import RenderServicer
from services.video.store.tables import EVENT_TABLES, TASKS
from services.video.store.uow import VideoUnit
from voxreel.engine.v1 import engine_service_pb2_grpc
from voxreel.task.v1 import task_service_pb2_grpc
from voxreel.video.v1 import render_service_pb2_grpc

_BROKER_CHECK_S = 0.5


async def build(app: App[VideoConfig]) -> None:
    """Makes the service of its parts."""
    clock = SystemClock()
    database = await open_database(app)
    events = EventSource(app.name, RandomIds(), clock)
    units = Units(database, lambda connection: VideoUnit(connection, events))
    bus = await app.enter(NatsBus(app.config.nats_url.get_secret_value(), name=app.name))
    app.add_check("broker", partial(bus.wait_connected, _BROKER_CHECK_S), severity=Severity.DEGRADES)
    relay = Relay(database, EVENT_TABLES, bus, streams=[EVENTS, work_stream(app.name)], clock=clock)
    app.background("relay", relay.run, phase=Phase.SUPPORT)
    app.add_flush("outbox", relay.step)
    app.metrics.gauge("outbox_lag_seconds", "Age of the oldest event not sent.", relay.lag_s)
    if app.runs_workers:
        app.background("sweeper", Sweeper(units).run)
    server = RpcServer(
        app.name,
        verifier=await _verifier(app),
        service_token=app.config.service_token.get_secret_value(),
        observer=app.observer,
    )
    server.add(render_service_pb2_grpc.add_RenderServiceServicer_to_server, RenderServicer())
    server.add(engine_service_pb2_grpc.add_EngineServiceServicer_to_server, EngineServicer())
    server.add(
        task_service_pb2_grpc.add_TaskServiceServicer_to_server,
        TaskServicer(database, TASKS, TaskNotifier()),
    )
    app.serve_rpc(server)


async def _verifier(app: App[VideoConfig]) -> TokenVerifier:
    clock = SystemClock()
    verifier = TokenVerifier(clock)
    service_token = app.config.service_token.get_secret_value()
    auth = await app.enter(Peer(app.config.peers.auth, caller=app.name, service_token=service_token))
    supply_verifier(app, verifier, auth=auth, clock=clock)
    return verifier
