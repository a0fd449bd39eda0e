"""The files service on a real server: SQLite file, local blobs, a clock that the test moves."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from kit.blobs.store import BlobStore
from kit.clock import SystemClock
from kit.db.database import Database
from kit.db.migrate import upgrade
from kit.db.settings import DatabaseSettings
from kit.db.uow import Units
from kit.events.envelope import EventSource
from kit.ids import RandomIds
from kit.rpc.client import Peer
from kit.rpc.context import CallContext, bind_call, unbind_call
from kit.rpc.observer import SilentObserver
from kit.rpc.server import RpcServer
from services.files.domain.links import LinkSealer
from services.files.domain.media import HEAD_BYTES
from services.files.rpc.file_servicer import FileServicer
from services.files.store.file_pages import FilePages
from services.files.store.uow import FilesUnit
from services.files.usecases.deletions import Deletions
from services.files.usecases.departures import Departures
from services.files.usecases.downloads import Downloads
from services.files.usecases.expiry import Expiry
from services.files.usecases.links import Links
from services.files.usecases.lists import FileLists
from services.files.usecases.produced_files import ProducedFiles
from services.files.usecases.uploads import Uploads
from services.files.workers.expiry_sweeper import ExpirySweeper
from tests.fakes.clock import FakeClock
from tests.fakes.tokens import FakeTokens
from voxreel.files.v1 import file_service_pb2 as messages
from voxreel.files.v1 import file_service_pb2_grpc

SERVICE_TOKEN = "the-service-token"
LINK_KEY = "the-key-of-links"
WAV = b"RIFF\x24\x10\x00\x00WAVEfmt " + bytes(4096)
MIGRATIONS = Path(__file__).parents[3] / "services" / "files" / "migrations"


@dataclass
class World:
    """The service, what it stands on and a stub to call it."""

    stub: file_service_pb2_grpc.FileServiceAsyncStub
    blobs: BlobStore
    database: Database
    departures: Departures
    sweeper: ExpirySweeper
    clock: FakeClock
    tokens: FakeTokens
    blob_folder: Path
    address: str

    @contextmanager
    def user(self, user_id: int = 7, *, is_admin: bool = False) -> Iterator[None]:
        """Calls inside are the user's."""
        token = self.tokens.issue(user_id, is_admin=is_admin, token_id=f"t-{user_id}")
        bound = bind_call(CallContext(access_token=token))
        try:
            yield
        finally:
            unbind_call(bound)

    async def upload(
        self,
        content: bytes,
        name: str,
        *,
        storage_type: messages.StorageType.ValueType = messages.STORAGE_TYPE_PERSISTENT,
        file_type: str = "",
    ) -> messages.File:
        """The three steps of the edge, as the current user."""
        grant = await self.stub.BeginUpload(
            messages.BeginUploadRequest(storage_type=storage_type, file_type=file_type, original_name=name)
        )
        await self.blobs.write(grant.blob_key, chunks_of(content), limit_bytes=grant.limit_bytes)
        return (await self.stub.CommitUpload(commit_of(grant.upload_id, content))).file

    def stored_blobs(self) -> list[Path]:
        return sorted(path for path in self.blob_folder.rglob("*") if path.is_file())


async def chunks_of(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 256 * 1024):
        yield content[start : start + 256 * 1024]


async def parts_of(header: messages.UploadFileHeader, content: bytes) -> AsyncIterator[messages.UploadFileRequest]:
    yield messages.UploadFileRequest(header=header)
    async for chunk in chunks_of(content):
        yield messages.UploadFileRequest(chunk=chunk)


async def upload_cached(world: World, file_id: str, *, user_id: int = 0) -> messages.File:
    """A cached file as a service makes it; nobody's when no user is given."""
    header = messages.UploadFileHeader(
        request_id=file_id,
        user_id=user_id,
        storage_type=messages.STORAGE_TYPE_CACHE,
        file_type="voice_previews",
        original_name=f"{file_id}.wav",
    )
    return (await world.stub.UploadFile(parts_of(header, WAV))).file


def commit_of(upload_id: str, content: bytes) -> messages.CommitUploadRequest:
    return messages.CommitUploadRequest(
        upload_id=upload_id,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        head=content[:HEAD_BYTES],
    )


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    url = f"sqlite:///{tmp_path / 'files.db'}"
    await asyncio.to_thread(upgrade, url, MIGRATIONS)
    database = await Database.open(DatabaseSettings(url=SecretStr(url)), name="files")
    clock, ids = FakeClock(SystemClock().now()), RandomIds()
    units = Units(database, FilesUnit)
    blobs = BlobStore.open((tmp_path / "blobs").as_uri())
    events = EventSource("files", ids, clock)
    sealer = LinkSealer(LINK_KEY)
    downloads = Downloads(units, blobs, sealer=sealer, clock=clock)
    departures = Departures(units, clock)
    uploads = Uploads(
        units,
        blobs,
        events=events,
        clock=clock,
        ids=ids,
        temp_life=timedelta(hours=24),
    )
    tokens = FakeTokens(SystemClock())
    server = RpcServer("files", verifier=tokens.verifier, service_token=SERVICE_TOKEN, observer=SilentObserver())
    server.add(
        file_service_pb2_grpc.add_FileServiceServicer_to_server,
        FileServicer(
            uploads,
            ProducedFiles(units, blobs, uploads),
            downloads=downloads,
            links=Links(downloads, sealer, clock),
            deletions=Deletions(units, downloads, events=events, clock=clock),
            lists=FileLists(FilePages(database), clock),
        ),
    )
    port = await server.start("127.0.0.1:0")
    address = f"127.0.0.1:{port}"
    async with Peer(address, caller="test", service_token=SERVICE_TOKEN) as peer:
        yield World(
            stub=peer.stub(file_service_pb2_grpc.FileServiceStub),
            blobs=blobs,
            database=database,
            departures=departures,
            sweeper=ExpirySweeper(Expiry(units, blobs, clock), departures, interval_s=60),
            clock=clock,
            tokens=tokens,
            blob_folder=tmp_path / "blobs",
            address=address,
        )
    await server.stop(0)
    await database.close()
