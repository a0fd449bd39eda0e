"""Where the files service is put together."""

from __future__ import annotations

from datetime import timedelta

from kit.app import App
from kit.blobs.store import BlobStore
from kit.clock import SystemClock
from kit.db.database import Database
from kit.db.uow import Units
from kit.events.envelope import EventSource
from kit.identity.supply import supply_verifier
from kit.ids import RandomIds
from kit.rpc.tokens import TokenVerifier
from kit.wiring import consume, make_rpc_server, open_bus, open_database, open_peer, relay_events
from services.files.config import FilesConfig
from services.files.domain.links import LinkSealer
from services.files.rpc.file_servicer import FileServicer
from services.files.store.file_pages import FilePages
from services.files.store.tables import EVENT_TABLES
from services.files.store.uow import FilesUnit
from services.files.usecases.deletions import Deletions
from services.files.usecases.departures import Departures
from services.files.usecases.downloads import Downloads
from services.files.usecases.expiry import Expiry
from services.files.usecases.links import Links
from services.files.usecases.lists import FileLists
from services.files.usecases.produced_files import ProducedFiles
from services.files.usecases.uploads import Uploads
from services.files.workers import departures
from services.files.workers.departures import DepartureHandler
from services.files.workers.expiry_sweeper import ExpirySweeper
from voxreel.files.v1 import file_service_pb2_grpc


async def build(app: App[FilesConfig]) -> None:
    """Makes the service of its parts."""
    config, clock = app.config, SystemClock()
    database = await open_database(app)
    units = Units(database, FilesUnit)
    blobs = BlobStore.open(config.blobs_url, config.s3)
    servicer = _servicer(app, database, blobs)
    bus = await open_bus(app)
    relay_events(app, database, EVENT_TABLES, bus=bus, clock=clock)
    server = make_rpc_server(app, await _verifier(app))
    server.add(file_service_pb2_grpc.add_FileServiceServicer_to_server, servicer)
    if app.runs_workers:
        gone = Departures(units, clock)
        sweeper = ExpirySweeper(Expiry(units, blobs, clock), gone, interval_s=config.sweep_interval_s)
        app.background("expiry", sweeper.run)
        handler = DepartureHandler(gone)
        consume(app, bus, departures.DURABLE, handler=handler, subjects=departures.SUBJECTS, clock=clock)
    app.serve_rpc(server)


def _servicer(app: App[FilesConfig], database: Database, blobs: BlobStore) -> FileServicer:
    config, clock, ids = app.config, SystemClock(), RandomIds()
    units, events = Units(database, FilesUnit), EventSource(app.name, ids, clock)
    temp_life = timedelta(seconds=config.temp_life_s)
    uploads = Uploads(units, blobs, events=events, clock=clock, ids=ids, temp_life=temp_life)
    key = config.link_key.get_secret_value() or config.service_token.get_secret_value()
    sealer = LinkSealer(key, config.previous_link_key.get_secret_value())
    downloads = Downloads(units, blobs, sealer=sealer, clock=clock)
    return FileServicer(
        uploads,
        ProducedFiles(units, blobs, uploads),
        downloads=downloads,
        links=Links(downloads, sealer, clock),
        deletions=Deletions(units, downloads, events=events, clock=clock),
        lists=FileLists(FilePages(database), clock),
    )


async def _verifier(app: App[FilesConfig]) -> TokenVerifier:
    clock = SystemClock()
    verifier = TokenVerifier(clock)
    supply_verifier(app, verifier, auth=await open_peer(app, app.config.peers.auth), clock=clock)
    return verifier
