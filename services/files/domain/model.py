"""Files and grants as the use cases see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

NOBODY = 0
"""The user id of what is shared: everybody may read it, and administrators may delete it."""


class StorageType(IntEnum):
    """How long a file lives. The numbers are the contract's and are stored."""

    PERSISTENT = 1
    TEMP = 2
    CACHE = 3


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file whose bytes are complete. `bare_id` has no dot; the public id adds the extension."""

    bare_id: str
    extension: str
    user_id: int
    storage_type: StorageType
    file_type: str
    original_name: str
    content_type: str
    size_bytes: int
    sha256: str
    blob_key: str
    create_time: datetime
    expire_time: datetime | None

    @property
    def id(self) -> str:
        return f"{self.bare_id}.{self.extension}" if self.extension else self.bare_id

    @property
    def is_shared(self) -> bool:
        return self.user_id == NOBODY

    def is_expired(self, now: datetime) -> bool:
        return self.expire_time is not None and self.expire_time <= now


@dataclass(frozen=True, slots=True)
class UploadGrant:
    """Leave to write one blob and to make it a file afterwards. `bare_id` is the file's, set when it became one."""

    id: str
    user_id: int
    request_id: str
    storage_type: StorageType
    file_type: str
    id_prefix: str
    original_name: str
    blob_key: str
    limit_bytes: int
    expire_time: datetime
    bare_id: str | None


@dataclass(frozen=True, slots=True)
class WrittenBlob:
    """What the writer of a blob says about it. `head` is its beginning, at most HEAD_BYTES of domain.media."""

    size_bytes: int
    sha256: str
    head: bytes
