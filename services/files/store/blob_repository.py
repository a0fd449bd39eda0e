"""Blobs that several files of one user have."""

from __future__ import annotations

from sqlalchemy import Connection, delete, update
from sqlalchemy.dialects import postgresql, sqlite

from kit.events.tables import core_table
from services.files.domain.model import StoredFile
from services.files.store.tables import BlobRow

_BLOBS = core_table(BlobRow)


class BlobRepository:
    """The shared blobs of one transaction. A blob's row is locked from the first change to the end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(self, file: StoredFile) -> str:
        """The key of the owner's blob of these bytes, now the file's too. It is the file's own when it is the first."""
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        first = insert(_BLOBS).values(
            blob_key=file.blob_key,
            user_id=file.user_id,
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            reference_count=1,
        )
        counted = first.on_conflict_do_update(
            index_elements=["user_id", "sha256"], set_={"reference_count": _BLOBS.c.reference_count + 1}
        )
        key: str = self._connection.execute(counted.returning(_BLOBS.c.blob_key)).scalar_one()
        return key

    def release(self, blob_key: str) -> bool:
        """Takes one file from the blob. True when no file has it any more."""
        is_it = _BLOBS.c.blob_key == blob_key
        released = update(_BLOBS).where(is_it).values(reference_count=_BLOBS.c.reference_count - 1)
        left = self._connection.execute(released.returning(_BLOBS.c.reference_count)).scalar_one_or_none()
        if left:
            return False
        self._connection.execute(delete(_BLOBS).where(is_it))
        return True
