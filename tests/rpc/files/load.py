"""Stores and deletes files without end, as a process that a test kills: `python -m tests.rpc.files.load DB BLOBS`."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count

from pydantic import SecretStr

from kit.blobs.store import BlobStore
from kit.clock import SystemClock
from kit.db.database import Database
from kit.db.settings import DatabaseSettings
from kit.db.uow import Units
from kit.events.envelope import EventSource
from kit.ids import RandomIds
from kit.rpc.context import Principal
from services.files.domain.limits import TEMP_RULE, UPLOAD_RULES
from services.files.domain.links import LinkSealer
from services.files.domain.media import HEAD_BYTES
from services.files.domain.model import StorageType, WrittenBlob
from services.files.store.uow import FilesUnit
from services.files.usecases.deletions import Deletions
from services.files.usecases.downloads import Downloads
from services.files.usecases.expiry import Expiry
from services.files.usecases.uploads import NewUpload, Uploads

USERS = 4
_CHUNK = 128 * 1024
# Some of the store's parts are full while a blob is written, some are not.
_SIZES = (300_000, 7_000_000, 1_000)


class Load:
    """What one process does, over the use cases of the service."""

    def __init__(self, database: Database, blobs: BlobStore) -> None:
        clock, ids = SystemClock(), RandomIds()
        units, events = Units(database, FilesUnit), EventSource("files", ids, clock)
        self._clock = clock
        self._blobs = blobs
        self._uploads = Uploads(units, blobs, events=events, clock=clock, ids=ids, temp_life=timedelta(seconds=60))
        downloads = Downloads(units, blobs, sealer=LinkSealer("any"), clock=clock)
        self._deletions = Deletions(units, downloads, events=events, clock=clock)
        self._expiry = Expiry(units, blobs, clock)

    async def run(self, user_id: int) -> None:
        """Uploads, every third time the same bytes again, and deletes every other file."""
        principal = Principal(user_id, "user", False, "token", self._clock.now())
        for at in count():
            content = b"RIFF\0\0\0\0WAVE" + bytes([at % 3, user_id]) * _SIZES[at % 3]
            storage_type = StorageType.TEMP if at % 5 == 4 else StorageType.PERSISTENT
            file_id = await self._upload(user_id, content, storage_type)
            if at % 2:
                await self._deletions.delete(principal, file_id)
            sys.stdout.write(".")
            sys.stdout.flush()

    async def sweep(self) -> None:
        """Removes the bytes of what was deleted, all the time."""
        while True:
            await self._expiry.collect_garbage()

    async def _upload(self, user_id: int, content: bytes, storage_type: StorageType) -> str:
        rule = TEMP_RULE if storage_type is StorageType.TEMP else UPLOAD_RULES["bgm"]
        grant = await self._uploads.grant(NewUpload(user_id, storage_type, "bgm", "a.wav"), rule)
        await self._blobs.write(grant.blob_key, _chunks(content), limit_bytes=grant.limit_bytes)
        written = WrittenBlob(len(content), hashlib.sha256(content).hexdigest(), content[:HEAD_BYTES])
        return (await self._uploads.commit(user_id, grant.id, written)).file.id


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), _CHUNK):
        yield content[start : start + _CHUNK]


async def main(database_url: str, blobs_url: str) -> None:
    database = await Database.open(DatabaseSettings(url=SecretStr(database_url)), name="files")
    load = Load(database, BlobStore.open(blobs_url))
    async with asyncio.TaskGroup() as group:
        group.create_task(load.sweep())
        for user_id in range(1, USERS + 1):
            group.create_task(load.run(user_id))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
