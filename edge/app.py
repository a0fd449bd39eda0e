"""Puts the edge together: the only place where its concrete parts meet."""

from __future__ import annotations

from functools import partial
from zoneinfo import ZoneInfo

from edge.aggregates.status import PlatformStatus, serving_check
from edge.aggregates.system import platform_version
from edge.auth import Authenticator
from edge.client_address import ClientAddresses
from edge.clients import EdgePeers, make_clients
from edge.config import EdgeConfig
from edge.dispatch import Frame
from edge.display import DisplayTimes
from edge.docs import ApiDocs
from edge.metrics import HTTP_REQUESTS, HTTP_SECONDS, TASK_STREAMS
from edge.middleware import boundary
from edge.openapi import describe_api
from edge.operations import operations_routes
from edge.progress.feed import TaskFeed
from edge.rate_limits import make_buckets
from edge.request_record import RequestRecord
from edge.routes import ENDPOINTS
from edge.server import HttpServer, make_application
from edge.shared import Shared
from kit.app import App
from kit.blobs.store import BlobStore
from kit.clock import SystemClock
from kit.identity.supply import supply_verifier
from kit.ids import RandomIds
from kit.loops import Phase
from kit.observability.health import Severity
from kit.rpc.tokens import TokenVerifier
from kit.wiring import open_peer


async def build(app: App[EdgeConfig]) -> None:
    """Peers, keys, revocations, then the HTTP server over the endpoint table."""
    config = app.config
    clock = SystemClock()
    peers = await _open_peers(app)
    for name, peer in peers.by_name().items():
        # An edge that has never reached a service is set up wrongly; one that has reached it serves everything else.
        app.add_check(name, serving_check(peer), severity=Severity.AT_START)
    clients = make_clients(peers)
    verifier = TokenVerifier(clock)
    keys = supply_verifier(app, verifier, auth=peers.auth, clock=clock)
    feed = _follow_tasks(app)
    shared = Shared(
        clients=clients,
        times=DisplayTimes(ZoneInfo(config.display_zone)),
        blobs=BlobStore.open(config.blobs_url, config.s3),
        blobs_url=config.blobs_url,
        public_base_url=config.public_base_url,
        status=PlatformStatus(app.health, clock),
        clock=clock,
        feed=feed,
    )
    addresses = ClientAddresses(trusted_proxies=config.trusted_proxies)
    docs = ApiDocs(partial(describe_api, ENDPOINTS, version=platform_version(), base_url=config.public_base_url))
    record = RequestRecord(app.metrics.calls(HTTP_REQUESTS, HTTP_SECONDS))
    application = make_application(
        ENDPOINTS,
        Frame(
            shared,
            Authenticator(verifier, keys, clock),
            ids=RandomIds(),
            addresses=addresses,
            buckets=make_buckets(config.rates, clock),
        ),
        boundary=boundary(record, now=lambda: shared.times.aware(clock.now()), tracer=app.tracer),
        other_routes=[*operations_routes(app.health, app.metrics), *docs.routes()],
    )
    app.listen(HttpServer(application, record))


def _follow_tasks(app: App[EdgeConfig]) -> TaskFeed:
    config = app.config
    feed = TaskFeed(config.nats_url.get_secret_value(), name=f"{app.name}-tasks", limits=config.progress)
    app.background("task feed", feed.run, phase=Phase.SUPPORT)
    app.background("task streams", feed.end_streams)
    app.metrics.read(TASK_STREAMS, feed.count)
    return feed


async def _open_peers(app: App[EdgeConfig]) -> EdgePeers:
    addresses = app.config.peers
    return EdgePeers(
        auth=await open_peer(app, addresses.auth),
        billing=await open_peer(app, addresses.billing),
        files=await open_peer(app, addresses.files),
        speech=await open_peer(app, addresses.speech),
        video=await open_peer(app, addresses.video),
    )
