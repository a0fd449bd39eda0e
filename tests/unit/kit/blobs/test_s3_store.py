"""The blob store on a bucket of a real S3-compatible server."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from kit.blobs.s3 import bucket_config
from kit.blobs.settings import S3Settings
from kit.blobs.store import BLOCK_BYTES, BlobNotFound, BlobStore, BlobTooLarge
from kit.errors import Unavailable
from tests.ports import free_port
from tests.s3 import BUCKET, S3Server

URL = f"s3://{BUCKET}/blobs"
# Three parts of a multipart upload, the last one short.
CONTENT = os.urandom(11 * BLOCK_BYTES + 17)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[S3Server]:
    async with S3Server(tmp_path) as running:
        yield running


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 256 * 1024):
        yield content[at : at + 256 * 1024]


async def _content(store: BlobStore, key: str, start: int = 0, end: int | None = None) -> bytes:
    blocks = [block async for block in store.read(key, start, end)]
    assert all(len(block) <= BLOCK_BYTES for block in blocks)
    return b"".join(blocks)


async def test_a_large_blob_goes_in_parts_and_comes_back_in_ranges(server: S3Server) -> None:
    store = BlobStore.open(URL, server.settings)
    assert await store.write("ab/blob", _chunks(CONTENT), limit_bytes=len(CONTENT)) == len(CONTENT)
    assert server.objects() == [f"{BUCKET}/blobs/ab/blob"]
    assert await store.size("ab/blob") == len(CONTENT)
    assert await _content(store, "ab/blob") == CONTENT
    for start, end in ((0, 1), (5, 5), (BLOCK_BYTES - 1, 3 * BLOCK_BYTES + 1), (7 * BLOCK_BYTES, None)):
        assert await _content(store, "ab/blob", start, end) == CONTENT[start:end]
    await store.delete("ab/blob")
    await store.delete("ab/blob")
    assert server.objects() == []


async def test_nothing_stays_of_a_write_that_was_refused_or_broke_off(server: S3Server) -> None:
    async def broken() -> AsyncIterator[bytes]:
        async for chunk in _chunks(CONTENT):
            yield chunk
        raise ConnectionResetError

    store = BlobStore.open(URL, server.settings)
    with pytest.raises(BlobTooLarge):
        await store.write("large", _chunks(CONTENT), limit_bytes=len(CONTENT) - 1)
    with pytest.raises(ConnectionResetError):
        await store.write("broken", broken(), limit_bytes=len(CONTENT))
    assert server.objects() == []


async def test_small_empty_and_missing_blobs(server: S3Server) -> None:
    store = BlobStore.open(URL, server.settings)
    await store.write("small", _chunks(b"abc"), limit_bytes=3)
    await store.write("empty", _chunks(b""), limit_bytes=3)
    assert await _content(store, "small", 1) == b"bc"
    assert (await store.size("empty"), await _content(store, "empty")) == (0, b"")
    with pytest.raises(BlobNotFound):
        await _content(store, "none")


async def test_a_wrong_secret_and_a_store_that_is_away_are_told_alike(server: S3Server) -> None:
    wrong = server.settings.model_copy(update={"secret_access_key": SecretStr("another-secret-access-key")})
    away = server.settings.model_copy(update={"endpoint": f"http://127.0.0.1:{free_port()}"})
    for settings in (wrong, away):
        store = BlobStore.open(URL, settings)
        with pytest.raises(Unavailable) as refused:
            await store.size("any")
        assert refused.value.message == "文件存储暂时不可用，请稍后重试"
        with pytest.raises(Unavailable):
            await store.write("any", _chunks(b"abc"), limit_bytes=3)


def test_the_bucket_is_in_the_host_where_the_store_wants_it_there() -> None:
    oss = S3Settings(endpoint="https://oss-cn-hangzhou.aliyuncs.com", is_virtual_hosted=True, access_key_id="id")
    assert bucket_config("dub", oss)["endpoint"] == "https://dub.oss-cn-hangzhou.aliyuncs.com"
    minio = S3Settings(endpoint="http://minio:9000")
    assert bucket_config("dub", minio)["endpoint"] == "http://minio:9000"
    assert "access_key_id" not in bucket_config("dub", minio)
    assert "endpoint" not in bucket_config("dub", S3Settings(region="eu-central-1"))


def test_other_kinds_of_stores_are_refused() -> None:
    with pytest.raises(ValueError, match="file:///PATH"):
        BlobStore.open("ftp://host/path")
