"""The files service as its process runs it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from kit.app import App
from kit.blobs.settings import S3Settings
from kit.blobs.store import BlobStore
from kit.errors import Unavailable
from kit.observability.health import Status
from kit.rpc.client import Peer
from kit.rpc.context import CallContext, bind_call, unbind_call
from services.files.app import build
from services.files.config import FilesConfig
from tests.fakes.tokens import FakeTokens
from tests.ports import free_port
from tests.rpc.serving import SERVICE_TOKEN, serving
from tests.s3 import BUCKET, S3Server
from voxreel.files.v1 import file_service_pb2 as messages
from voxreel.files.v1 import file_service_pb2_grpc

_CONTENT = b"some bytes"


async def _chunks() -> AsyncIterator[bytes]:
    yield _CONTENT


async def _store_and_read(app: App[FilesConfig], tokens: FakeTokens) -> bytes:
    """Uploads as the edge does, and reads it back through the service."""
    async with Peer(f"127.0.0.1:{app.port}", caller="test", service_token=SERVICE_TOKEN) as peer:
        files = peer.stub(file_service_pb2_grpc.FileServiceStub)
        bound = bind_call(CallContext(access_token=tokens.issue(7)))
        request = messages.BeginUploadRequest(storage_type=messages.STORAGE_TYPE_TEMP, original_name="a.txt")
        grant = await files.BeginUpload(request)
        blobs = BlobStore.open(app.config.blobs_url, app.config.s3)
        await blobs.write(grant.blob_key, _chunks(), limit_bytes=grant.limit_bytes)
        commit = messages.CommitUploadRequest(
            upload_id=grant.upload_id,
            size_bytes=len(_CONTENT),
            sha256=hashlib.sha256(_CONTENT).hexdigest(),
            head=_CONTENT,
        )
        file = (await files.CommitUpload(commit)).file
        unbind_call(bound)
        parts = [part async for part in files.DownloadFile(messages.DownloadFileRequest(file_id=file.id))]
        return b"".join(part.chunk for part in parts)


async def test_it_starts_stores_and_stops_while_the_broker_is_away(tmp_path: Path) -> None:
    async with serving(FilesConfig, build, tmp_path) as (app, tokens):
        assert app.health.status is Status.DEGRADED
        assert await _store_and_read(app, tokens) == _CONTENT


async def test_contents_may_lie_in_a_bucket(tmp_path: Path) -> None:
    async with S3Server(tmp_path) as server:
        settings = {"blobs_url": f"s3://{BUCKET}/blobs", "s3": server.settings}
        async with serving(FilesConfig, build, tmp_path, **settings) as (app, tokens):
            assert await _store_and_read(app, tokens) == _CONTENT
        assert len(server.objects()) == 1


async def test_a_store_that_is_away_is_told_as_such(tmp_path: Path) -> None:
    s3 = S3Settings(endpoint=f"http://127.0.0.1:{free_port()}", access_key_id="id", secret_access_key=SecretStr("no"))
    async with serving(FilesConfig, build, tmp_path, blobs_url="s3://none", s3=s3) as (app, tokens):
        with pytest.raises(Unavailable):
            await _store_and_read(app, tokens)
