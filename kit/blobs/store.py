"""The blob store: opaque keys, whole blobs, nothing visible before it is complete.

A key is relative, its segments divided by "/". Who may read or write a key is not decided here; the files
service hands keys out and keeps the records.
"""

from __future__ import annotations

import asyncio
import errno
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore

from kit.blobs.s3 import open_bucket
from kit.blobs.settings import S3Settings
from kit.errors import Unavailable
from voxreel.common.v1 import error_reason_pb2 as reasons

if TYPE_CHECKING:
    # The library declares these for type checkers only.
    from obstore import AsyncWritableFile, GetOptions

BLOCK_BYTES = 1 << 20
"""The most bytes `read` yields at once."""

# Of a local file: more is no faster to read and slower to send.
_FILE_BLOCK_BYTES = 256 << 10
# The smallest part S3 takes in a multipart upload.
_PART_BYTES = 5 << 20
# Parts on their way while the next one fills: with it, what a blob takes of the memory while it is written.
_PARTS_AT_ONCE = 2
# What a client is told to wait for a store that does not answer.
_RETRY_S = 5.0
# And for one whose operator has to make room.
_FULL_RETRY_S = 60.0
# The disk, the quota or the longest file allowed is used up.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)")

_log = structlog.get_logger()


class BlobNotFound(Exception):
    """There is no blob under this key."""


class BlobTooLarge(Exception):
    """The blob would have been longer than `limit_bytes`; nothing was stored."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"more than {limit_bytes} bytes")
        self.limit_bytes = limit_bytes


class BlobStore:
    """Blobs in a folder (`file:///path`) or in a bucket of an object store (`s3://bucket/prefix`).

    Disk and network work happens in obstore's own threads; the event loop only passes blocks on. Every method raises
    Unavailable when the store cannot be reached or refuses its credentials, and with the reason STORAGE_FULL when a
    folder's disk has no room left.
    """

    def __init__(self, store: ObjectStore, *, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder

    @classmethod
    def open(cls, url: str, s3: S3Settings | None = None) -> BlobStore:
        """The store of a URL. A local folder is made when it is missing, readable by its owner only.

        Raises ValueError for a URL of another kind.
        """
        parts = urlsplit(url)
        if parts.scheme == "s3":
            return cls(open_bucket(parts.netloc, parts.path.strip("/"), s3 or S3Settings()))
        if parts.scheme != "file":
            raise ValueError(f"a blob store is file:///PATH or s3://BUCKET/PREFIX, not {parts.scheme}:")
        folder = Path(unquote(parts.path))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(LocalStore(folder), folder=folder)

    async def write(self, key: str, chunks: AsyncIterator[bytes], *, limit_bytes: int) -> int:
        """Stores all chunks under the key and answers how many bytes they were.

        The blob appears at the end, whole, in place of an older one. Nothing of it stays when the chunks raise, when
        they exceed `limit_bytes` (BlobTooLarge) or when the caller is cancelled.
        """
        size = 0
        async with self._writer(key) as writer:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit_bytes:
                    raise BlobTooLarge(limit_bytes)
                with _store_errors(key):
                    await writer.write(chunk)
        return size

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yields the bytes from `start` up to, not including, `end` in blocks of at most BLOCK_BYTES.

        Both lie within the blob; without an `end` it is all the rest. Raises BlobNotFound before the first block.
        """
        folder = self._folder
        if end is not None and start >= end:
            return
        if folder is None:
            blocks = self._stream(key, start, end)
        else:
            size = await self.size(key)
            # The library opens a local file anew for every range, and streams it in much smaller pieces.
            blocks = _file_blocks(folder / key, start, size if end is None else end)
        with _store_errors(key):
            async for block in blocks:
                yield block

    async def size(self, key: str) -> int:
        """How many bytes the blob has. Raises BlobNotFound."""
        with _store_errors(key):
            return (await obstore.head_async(self._store, key))["size"]

    async def delete(self, key: str) -> None:
        """Removes the blob, and what a write that died with its process left of it. None there is as good.

        Parts of a dead write to a bucket are the bucket's to remove, by a rule for incomplete multipart uploads.
        """
        with suppress(BlobNotFound), _store_errors(key):
            await obstore.delete_async(self._store, key)
        if self._folder is not None:
            await asyncio.to_thread(_remove_drafts, self._folder / key)

    @asynccontextmanager
    async def _writer(self, key: str) -> AsyncIterator[AsyncWritableFile]:
        """Completes the blob at the end, or leaves nothing of it. The caller's own errors are not the store's."""
        writer = obstore.open_writer_async(self._store, key, buffer_size=_PART_BYTES, max_concurrency=_PARTS_AT_ONCE)
        await writer.__aenter__()
        try:
            yield writer
        except BaseException as error:
            with suppress(OSError):
                await writer.__aexit__(type(error), error, error.__traceback__)
            raise
        with _store_errors(key):
            await writer.__aexit__(None, None, None)

    async def _stream(self, key: str, start: int, end: int | None) -> AsyncIterator[bytes]:
        found = await obstore.get_async(self._store, key, options=_range_of(start, end))
        async for piece in found.stream(min_chunk_size=BLOCK_BYTES):
            view = memoryview(piece)
            for at in range(0, len(view), BLOCK_BYTES):
                yield bytes(view[at : at + BLOCK_BYTES])


def _range_of(start: int, end: int | None) -> GetOptions | None:
    if end is not None:
        return {"range": (start, end)}
    # An empty blob has no range at all.
    return {"range": {"offset": start}} if start else None


async def _file_blocks(path: Path, start: int, end: int) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb", buffering=0) as file:
        file.seek(start)
        left = end - start
        while left > 0 and (block := await asyncio.to_thread(file.read, min(left, _FILE_BLOCK_BYTES))):
            left -= len(block)
            yield block


@contextmanager
def _store_errors(key: str) -> Iterator[None]:
    """Turns the library's errors into ours. Theirs name addresses and paths, so they go no further than their type."""
    try:
        yield
    except FileNotFoundError:
        raise BlobNotFound(key) from None
    except (BaseError, OSError) as error:
        is_full = _system_error_of(error) in _FULL
        _log.error("blobs.store_failed", error=type(error).__name__, blob_key=key, is_full=is_full)
        raise _full() if is_full else _away() from None


def _full() -> Unavailable:
    return Unavailable(reasons.ERROR_REASON_STORAGE_FULL, "存储空间不足，请稍后重试", retry_after_s=_FULL_RETRY_S)


def _away() -> Unavailable:
    return Unavailable(
        reasons.ERROR_REASON_SERVICE_UNAVAILABLE, "文件存储暂时不可用，请稍后重试", retry_after_s=_RETRY_S
    )


def _system_error_of(error: Exception) -> int | None:
    """The library tells the system's error in its text only, as Rust writes it."""
    found = _SYSTEM_ERROR.search(str(error))
    return None if found is None else int(found[1])


def _remove_drafts(blob: Path) -> None:
    """Removes obstore's unfinished local writes, which lie beside the blob as `name#number`."""
    if not blob.parent.is_dir():
        return
    for draft in blob.parent.glob(f"{blob.name}#*"):
        draft.unlink(missing_ok=True)
