"""Milliseconds of every list, search and count of files at 100,000 rows, on both databases, as RPCs of the service.

    python -m bench.file_lists [--files 100000] [--repeats 30]

One user has a tenth of the files; the names are of five words each. PostgreSQL is vacuumed once, as its own autovacuum
would do after so many rows; SQLite is left as it is.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, insert, text

from kit.db.migrate import upgrade
from kit.events.tables import core_table
from kit.rpc.client import Peer
from kit.rpc.context import CallContext, bind_call
from services.files.app import build
from services.files.config import FilesConfig
from services.files.domain.model import StorageType
from services.files.store.tables import BlobRow, FileRow
from tests.databases import postgres
from tests.rpc.serving import SERVICE_TOKEN, serving
from voxreel.files.v1 import file_service_pb2 as messages
from voxreel.files.v1 import file_service_pb2_grpc

MIGRATIONS = Path(__file__).resolve().parents[1] / "services" / "files" / "migrations"
USERS = 500
BUSY_USER = 7
_START = datetime(2026, 1, 1, tzinfo=UTC)
_WORDS = (
    *("audio", "video", "background", "music", "voice", "intro", "final", "cut", "take", "smooth", "dark", "light"),
    *("背景", "音乐", "数字人", "产品", "介绍", "片头"),
)
_KINDS = (("digital_humans", "mp4"), ("backgrounds", "png"), ("bgm", "mp3"), ("audio", "wav"), ("videos", "mp4"))
_BATCH = 5000


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Files of all types; one in twenty is temporary and has not expired."""
    expire_time = datetime.now(UTC) + timedelta(days=1)
    for at in range(count):
        # Spread over everything, the same in every run.
        digits = hashlib.sha256(str(at).encode()).digest()
        file_type, extension = _KINDS[digits[0] % len(_KINDS)]
        is_temp = at % 20 == 0
        user_id = BUSY_USER if at % 10 == 1 else 1 + int.from_bytes(digits[1:3], "big") % USERS
        words = " ".join(_WORDS[digit % len(_WORDS)] for digit in digits[3:8])
        yield {
            "bare_id": f"{file_type}_{user_id}_{digits[16:].hex()}",
            "extension": extension,
            "user_id": user_id,
            "request_id": None,
            "storage_type": int(StorageType.TEMP if is_temp else StorageType.PERSISTENT),
            "file_type": "" if is_temp else file_type,
            "original_name": f"{words} {at}.{extension}",
            "content_type": "application/octet-stream",
            "size_bytes": 1000 + int.from_bytes(digits[8:12], "big") % 50_000_000,
            "sha256": digits.hex(),
            "blob_key": f"zz/{digits[16:].hex()}",
            "create_time": _START + timedelta(seconds=60 * at),
            "expire_time": expire_time if is_temp else None,
        }


def fill(url: str, count: int) -> None:
    """Files, and the blobs of the persistent ones."""
    upgrade(url, MIGRATIONS)
    engine = create_engine(url)
    files, made = core_table(FileRow), list(rows(count))
    blobs = [
        {key: row[key] for key in ("blob_key", "user_id", "sha256", "size_bytes")} | {"reference_count": 1}
        for row in made
        if row["expire_time"] is None
    ]
    with engine.begin() as connection:
        for table, all_rows in ((files, made), (core_table(BlobRow), blobs)):
            for first in range(0, len(all_rows), _BATCH):
                connection.execute(insert(table), all_rows[first : first + _BATCH])
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def cases(stub: file_service_pb2_grpc.FileServiceAsyncStub) -> dict[str, Callable[[], Awaitable[Any]]]:
    """What is measured, by what a reader would call it."""

    def search(skip: int = 0, size: int = 20, **wanted: Any) -> Callable[[], Awaitable[Any]]:
        request = messages.ListFilesRequest(filter=messages.FileFilter(**wanted), page_size=size, skip=skip)
        return lambda: stub.ListFiles(request)

    return {
        "own files, 1,000 of a tenth of all": lambda: stub.ListOwnFiles(messages.ListOwnFilesRequest(page_size=1000)),
        "own files of a type": lambda: stub.ListOwnFiles(messages.ListOwnFilesRequest(file_type="bgm", page_size=100)),
        "everybody's files, the first 1,000": search(size=1000),
        "everybody's files, 20 behind 90,000": search(90_000),
        "of a user and a type": search(user_id=BUSY_USER, file_type="bgm"),
        "search, one in four": search(keyword="audio"),
        "search, Chinese": search(keyword="数字人"),
        "search, one file": search(keyword="dark 4711"),
        "search, nothing": search(keyword="no such name"),
        "search, page 500": search(10_000, keyword="audio"),
        "search, every filter": search(
            keyword="audio", file_type="bgm", user_id=BUSY_USER, min_size_bytes=1_000_000, max_size_bytes=40_000_000
        ),
        "search, only by size": search(min_size_bytes=49_990_000),
        "cached and temporary files": lambda: stub.ListCachedFiles(messages.ListCachedFilesRequest(page_size=20)),
        "statistics": lambda: stub.GetFileStats(messages.GetFileStatsRequest()),
    }


async def measure(url: str, repeats: int) -> dict[str, tuple[float, float]]:
    """Median and slowest of each case, in milliseconds."""
    found: dict[str, tuple[float, float]] = {}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        app, tokens = await stack.enter_async_context(
            serving(FilesConfig, build, folder, db={"url": url}, log_level="error")
        )
        address = f"127.0.0.1:{app.port}"
        peer = await stack.enter_async_context(Peer(address, caller="bench", service_token=SERVICE_TOKEN))
        bind_call(CallContext(access_token=tokens.issue(BUSY_USER, is_admin=True)))
        for name, case in cases(peer.stub(file_service_pb2_grpc.FileServiceStub)).items():
            await case()
            took = []
            for _ in range(repeats):
                start = time.perf_counter()
                await case()
                took.append((time.perf_counter() - start) * 1000)
            found[name] = (statistics.median(took), max(took))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=30)
    arguments = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as folder, postgres() as server, server.fresh_database() as postgres_url:
        for url in (f"sqlite:///{folder}/files.db", postgres_url):
            fill(url, arguments.files)
            results.append(asyncio.run(measure(url, arguments.repeats)))
    print(f"| {arguments.files:,} files, ms: median (slowest) | SQLite | PostgreSQL |")
    print("| --- | ---: | ---: |")
    for name in results[0]:
        cells = " | ".join(f"{found[name][0]:.1f} ({found[name][1]:.0f})" for found in results)
        print(f"| {name} | {cells} |")


if __name__ == "__main__":
    main()
