"""The blob store on a local folder."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kit.blobs.store import BLOCK_BYTES, BlobNotFound, BlobStore, BlobTooLarge


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def store(folder: Path) -> BlobStore:
    return BlobStore.open(folder.as_uri())


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def _content(store: BlobStore, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([block async for block in store.read(key, start, end)])


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


_ON_A_SMALL_DISK = """
import asyncio, sys, time
from pathlib import Path
from kit.blobs.store import BlobStore
from kit.errors import Unavailable

async def chunks(count):
    for _ in range(count):
        yield bytes(1 << 20)

async def main(folder):
    store = BlobStore.open(folder.as_uri())
    for count in (20, 9):
        try:
            await store.write("ab/key", chunks(count), limit_bytes=1 << 30)
        except Unavailable as error:
            print(error.reason_name, sum(path.is_file() for path in folder.rglob("*")))
    # The system gives back the room of what was removed in its own time.
    deadline = time.monotonic() + 60
    while True:
        try:
            await store.write("ab/key", chunks(4), limit_bytes=1 << 30)
            break
        except Unavailable:
            assert time.monotonic() < deadline
    print(await store.size("ab/key"))

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """A real one of 8 MiB, where the system lets us have our own mounts."""
    command = 'mount -t tmpfs -o size=8m none "$1" && exec "$2" -c "$3" "$1"'
    arguments = ["unshare", "-Urm", "sh", "-c", command, "sh", str(tmp_path)]
    tried = [*arguments, "true", ""]
    if shutil.which("unshare") is None or subprocess.run(tried, capture_output=True, timeout=60).returncode != 0:
        pytest.skip("this system lets nobody but root mount anything")
    found = subprocess.run(
        [*arguments, sys.executable, _ON_A_SMALL_DISK],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=110,
    )
    reports = [line for line in found.stdout.splitlines() if "blobs.store_failed" not in line]
    assert reports == ["STORAGE_FULL 0", "STORAGE_FULL 0", str(4 << 20)], found


async def test_what_was_written_is_read(store: BlobStore) -> None:
    content = os.urandom(3 * BLOCK_BYTES + 17)
    pieces = [content[at : at + 256 * 1024] for at in range(0, len(content), 256 * 1024)]
    assert await store.write("ab/blob", _chunks(*pieces), limit_bytes=len(content)) == len(content)
    assert await store.size("ab/blob") == len(content)
    assert await _content(store, "ab/blob") == content


@pytest.mark.parametrize(("start", "end"), [(0, 1), (5, 5), (10, 20), (BLOCK_BYTES - 1, BLOCK_BYTES + 1), (7, None)])
async def test_ranges(store: BlobStore, start: int, end: int | None) -> None:
    content = os.urandom(2 * BLOCK_BYTES + 5)
    await store.write("blob", _chunks(content), limit_bytes=len(content))
    assert await _content(store, "blob", start, end) == content[start:end]


async def test_blocks_are_bounded(store: BlobStore) -> None:
    await store.write("blob", _chunks(bytes(2 * BLOCK_BYTES + 1)), limit_bytes=3 * BLOCK_BYTES)
    lengths = [len(block) async for block in store.read("blob")]
    assert (max(lengths) <= BLOCK_BYTES, sum(lengths)) == (True, 2 * BLOCK_BYTES + 1)


async def test_an_empty_blob_exists(store: BlobStore) -> None:
    assert await store.write("blob", _chunks(), limit_bytes=1) == 0
    assert await store.size("blob") == 0
    assert await _content(store, "blob") == b""


@pytest.mark.parametrize("size", [11, 8 * BLOCK_BYTES])
async def test_nothing_stays_of_a_blob_above_the_limit(store: BlobStore, folder: Path, size: int) -> None:
    with pytest.raises(BlobTooLarge) as refused:
        await store.write("blob", _chunks(bytes(size - 1), b"x"), limit_bytes=size - 1)
    assert refused.value.limit_bytes == size - 1
    assert _files(folder) == []


async def test_a_failing_source_leaves_the_older_blob(store: BlobStore, folder: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(8 * BLOCK_BYTES)
        raise ConnectionResetError

    await store.write("blob", _chunks(b"old"), limit_bytes=3)
    with pytest.raises(ConnectionResetError):
        await store.write("blob", broken(), limit_bytes=10**9)
    assert await _content(store, "blob") == b"old"
    assert _files(folder) == ["blob"]


async def test_a_cancelled_write_leaves_nothing(store: BlobStore, folder: Path) -> None:
    is_stuck = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield bytes(8 * BLOCK_BYTES)
        is_stuck.set()
        await asyncio.Event().wait()

    writing = asyncio.create_task(store.write("blob", stuck(), limit_bytes=10**9))
    await asyncio.wait_for(is_stuck.wait(), 5)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert _files(folder) == []


async def test_a_blob_is_invisible_until_it_is_whole(store: BlobStore) -> None:
    async def watched() -> AsyncIterator[bytes]:
        yield bytes(8 * BLOCK_BYTES)
        with pytest.raises(BlobNotFound):
            await store.size("blob")
        yield b"end"

    await store.write("blob", watched(), limit_bytes=10**9)
    assert await store.size("blob") == 8 * BLOCK_BYTES + 3


async def test_missing_blobs(store: BlobStore) -> None:
    with pytest.raises(BlobNotFound):
        await store.size("ab/none")
    with pytest.raises(BlobNotFound):
        await _content(store, "ab/none")
    await store.delete("ab/none")


async def test_delete_takes_what_a_dead_writer_left(store: BlobStore, folder: Path) -> None:
    await store.write("ab/blob", _chunks(b"x"), limit_bytes=1)
    (folder / "ab" / "blob#1").write_bytes(b"half")
    (folder / "ab" / "blob2").write_bytes(b"another")
    await store.delete("ab/blob")
    assert _files(folder) == ["ab/blob2"]


@pytest.mark.parametrize("key", ["../outside", "a/../../outside", "a//b"])
async def test_keys_cannot_leave_the_folder(store: BlobStore, key: str) -> None:
    with pytest.raises(ValueError, match="path"):
        await store.write(key, _chunks(b"x"), limit_bytes=1)
