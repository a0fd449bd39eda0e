"""Stored files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kit.db.lean import LeanQuery
from kit.events.tables import core_table
from services.files.domain.model import StorageType, StoredFile
from services.files.store.tables import DepartedUserRow, FileRow

_FILES = core_table(FileRow)
_DEPARTED = core_table(DepartedUserRow)
FILE_COLUMNS = (
    _FILES.c.bare_id,
    _FILES.c.extension,
    _FILES.c.user_id,
    _FILES.c.storage_type,
    _FILES.c.file_type,
    _FILES.c.original_name,
    _FILES.c.content_type,
    _FILES.c.size_bytes,
    _FILES.c.sha256,
    _FILES.c.blob_key,
    _FILES.c.create_time,
    _FILES.c.expire_time,
)
_BY_ID = LeanQuery(select(*FILE_COLUMNS).where(_FILES.c.bare_id == bindparam("bare_id")))


class FileRepository:
    """The files of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, file: StoredFile, *, request_id: str | None) -> bool:
        """Stores the record. False, and nothing stored, when the user's request id or the id has a file already."""
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        values = {
            "bare_id": file.bare_id,
            "extension": file.extension,
            "user_id": file.user_id,
            "request_id": request_id,
            "storage_type": int(file.storage_type),
            "file_type": file.file_type,
            "original_name": file.original_name,
            "content_type": file.content_type,
            "size_bytes": file.size_bytes,
            "sha256": file.sha256,
            "blob_key": file.blob_key,
            "create_time": file.create_time,
            "expire_time": file.expire_time,
        }
        statement = insert(_FILES).values(values).on_conflict_do_nothing()
        return self._connection.execute(statement.returning(_FILES.c.bare_id)).first() is not None

    def find(self, bare_id: str) -> StoredFile | None:
        row = _BY_ID.first(self._connection, bare_id=bare_id)
        return None if row is None else file_from_row(row)

    def find_by_request(self, user_id: int, request_id: str) -> StoredFile | None:
        row = self._connection.execute(
            select(*FILE_COLUMNS).where(_FILES.c.user_id == user_id, _FILES.c.request_id == request_id)
        ).first()
        return None if row is None else file_from_row(tuple(row))

    def use_blob(self, bare_id: str, blob_key: str) -> None:
        """The file's bytes lie there from now on."""
        self._connection.execute(update(_FILES).where(_FILES.c.bare_id == bare_id).values(blob_key=blob_key))

    def remove(self, bare_id: str) -> StoredFile | None:
        """Removes the record and answers it; None when somebody else did."""
        removed = delete(_FILES).where(_FILES.c.bare_id == bare_id).returning(*FILE_COLUMNS)
        row = self._connection.execute(removed).first()
        return None if row is None else file_from_row(tuple(row))

    def remove_others(self, kept: StoredFile) -> list[StoredFile]:
        """Removes its owner's other files of the kind and answers them. Of two stored at the same time both may stay
        until the next."""
        removed = (
            delete(_FILES)
            .where(
                _FILES.c.user_id == kept.user_id,
                _FILES.c.storage_type == int(kept.storage_type),
                _FILES.c.file_type == kept.file_type,
                _FILES.c.bare_id != kept.bare_id,
            )
            .returning(*FILE_COLUMNS)
        )
        return [file_from_row(tuple(row)) for row in self._connection.execute(removed)]

    def remove_expired(self, now: datetime, limit: int) -> Sequence[str]:
        """Removes up to `limit` files whose time is over and answers their blob keys."""
        expired = (
            select(_FILES.c.bare_id)
            .where(_FILES.c.expire_time <= now)
            .order_by(_FILES.c.expire_time)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        removed = delete(_FILES).where(_FILES.c.bare_id.in_(expired)).returning(_FILES.c.blob_key)
        return self._connection.execute(removed).scalars().all()

    def remove_of_departed(self, limit: int) -> Sequence[str]:
        """Removes up to `limit` files of users who were deleted and answers their blob keys."""
        theirs = (
            select(_FILES.c.bare_id)
            .where(_FILES.c.user_id == _DEPARTED.c.user_id)
            .correlate(None)
            .limit(limit)
            .with_for_update(of=_FILES, skip_locked=True)
        )
        removed = delete(_FILES).where(_FILES.c.bare_id.in_(theirs)).returning(_FILES.c.blob_key)
        return self._connection.execute(removed).scalars().all()


def file_from_row(row: tuple[Any, ...]) -> StoredFile:
    """The file of a row of FILE_COLUMNS."""
    bare_id, extension, user_id, storage_type, *rest = row
    return StoredFile(bare_id, extension, user_id, StorageType(storage_type), *rest)
