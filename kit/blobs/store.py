"""The blob store: opaque keys, whole blobs, nothing visible before it is complete.

A key is relative, its segments divided by "/". Who may read or write a key is not decided here; the files
service hands keys out and keeps the records.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

BLOCK_BYTES = 1 << 20
"""The most bytes `read` yields at once, and the size of its requests to the store."""

# The smallest part S3 takes in a multipart upload; also how much of a blob is in memory while it is written.
_PART_BYTES = 5 << 20


class BlobNotFound(Exception):
    """There is no blob under this key."""


class BlobTooLarge(Exception):
    """The blob would have been longer than `limit_bytes`; nothing was stored."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"more than {limit_bytes} bytes")
        self.limit_bytes = limit_bytes


class BlobStore:
    """Blobs in a folder (`file:///path`) or in a bucket of an object store (`s3://bucket/prefix`).

    Disk and network work happens in obstore's own threads; the event loop only passes blocks on.
    """

    def __init__(self, store: ObjectStore, *, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder

    @classmethod
    def open(cls, url: str) -> BlobStore:
        """The store of a URL. A local folder is made when it is missing, readable by its owner only."""
        parts = urlsplit(url)
        if parts.scheme != "file":
            return cls(from_url(url))
        folder = Path(unquote(parts.path))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(LocalStore(folder), folder=folder)

    async def write(self, key: str, chunks: AsyncIterator[bytes], *, limit_bytes: int) -> int:
        """Stores all chunks under the key and answers how many bytes they were.

        The blob appears at the end, whole, in place of an older one. Nothing of it stays when the chunks raise, when
        they exceed `limit_bytes` (BlobTooLarge) or when the caller is cancelled.
        """
        size = 0
        async with obstore.open_writer_async(self._store, key, buffer_size=_PART_BYTES) as writer:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit_bytes:
                    raise BlobTooLarge(limit_bytes)
                await writer.write(chunk)
        return size

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yields the bytes from `start` up to, not including, `end` in blocks of at most BLOCK_BYTES.

        An `end` beyond the blob means its end. Raises BlobNotFound before the first block.
        """
        size = await self.size(key)
        last = size if end is None else min(end, size)
        for at in range(start, last, BLOCK_BYTES):
            try:
                block = await obstore.get_range_async(self._store, key, start=at, end=min(at + BLOCK_BYTES, last))
            except FileNotFoundError:
                raise BlobNotFound(key) from None
            yield block.to_bytes()

    async def size(self, key: str) -> int:
        """How many bytes the blob has. Raises BlobNotFound."""
        try:
            return (await obstore.head_async(self._store, key))["size"]
        except FileNotFoundError:
            raise BlobNotFound(key) from None

    async def delete(self, key: str) -> None:
        """Removes the blob, and what a write that died with its process left of it. None there is as good."""
        with suppress(FileNotFoundError):
            await obstore.delete_async(self._store, key)
        if self._folder is not None:
            await asyncio.to_thread(_remove_drafts, self._folder / key)


def _remove_drafts(blob: Path) -> None:
    """Removes obstore's unfinished local writes, which lie beside the blob as `name#number`."""
    if not blob.parent.is_dir():
        return
    for draft in blob.parent.glob(f"{blob.name}#*"):
        draft.unlink(missing_ok=True)
