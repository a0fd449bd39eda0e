"""`kill -9` while files are stored and deleted: no record without its bytes, and no bytes that the sweeper misses."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import Connection, make_url, select

from kit.blobs.store import BlobStore
from kit.clock import SystemClock
from kit.db.database import Database
from kit.db.migrate import upgrade
from kit.db.settings import DatabaseSettings
from kit.db.uow import Units
from kit.events.tables import core_table
from services.files.store.tables import BlobRow, FileRow
from services.files.store.uow import FilesUnit
from services.files.usecases.expiry import Expiry
from tests.databases import database_url, postgres_server
from tests.fakes.clock import FakeClock
from tests.rpc.files.conftest import MIGRATIONS

__all__ = ["database_url", "postgres_server"]

KILLS = {"sqlite": 4, "postgresql": 2}
LATEST_KILL_S = 0.4
STARTS_WITHIN_S = 120.0
_ROOT = Path(__file__).resolve().parents[3]
_FILES, _BLOBS = core_table(FileRow), core_table(BlobRow)


async def _run_and_kill(database: str, blobs: str, after_s: float) -> None:
    """Lets the load work for a while from its first file on."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), str(_ROOT / "gen")])}
    arguments = ["-m", "tests.rpc.files.load", database, blobs]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=PIPE, env=environment)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(STARTS_WITHIN_S):
            assert await process.stdout.readexactly(1) == b"."
        try:
            async with asyncio.timeout(after_s):
                await process.wait()
            raise AssertionError("the load ended by itself")
        except TimeoutError:
            process.kill()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def _files(connection: Connection) -> list[tuple[str, int]]:
    return [(key, size) for key, size in connection.execute(select(_FILES.c.blob_key, _FILES.c.size_bytes))]


def _references(connection: Connection) -> dict[str, int]:
    rows = connection.execute(select(_BLOBS.c.blob_key, _BLOBS.c.reference_count))
    return {row.blob_key: row.reference_count for row in rows}


def _stored(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


async def test_kills_leave_neither_records_without_bytes_nor_bytes_for_ever(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "blobs"
    await asyncio.to_thread(upgrade, database_url, MIGRATIONS)
    seed = random.randrange(2**32)
    sys.stdout.write(f"seed {seed}\n")
    rng = random.Random(seed)
    for _ in range(KILLS[make_url(database_url).get_backend_name()]):
        await _run_and_kill(database_url, folder.as_uri(), rng.uniform(0, LATEST_KILL_S))
    database = await Database.open(DatabaseSettings(url=SecretStr(database_url)), name="files")
    blobs, clock = BlobStore.open(folder.as_uri()), FakeClock(SystemClock().now())
    files = await database.read(_files)
    assert files, "nothing was stored before the kills"
    for key, size_bytes in files:
        assert await blobs.size(key) == size_bytes
    # Beyond the longest that a grant and the last write under it may take; temporary files have expired by then.
    clock.advance(timedelta(hours=3).total_seconds())
    expiry = Expiry(Units(database, FilesUnit), blobs, clock)
    while await expiry.remove_expired() + await expiry.collect_garbage():
        pass
    kept = await database.read(_files)
    assert {key for key, _ in kept} == _stored(folder)
    assert Counter(key for key, _ in kept) == await database.read(_references)
    await database.close()
