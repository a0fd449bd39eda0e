"""Tables of the files service."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Computed, Index, String, UniqueConstraint, text
from sqlmodel import BigInteger, Field, SQLModel

from kit.db.types import UtcDateTime, new_metadata
from kit.events.tables import EventTables, InboxColumns, OutboxColumns, StreamColumns


class FilesTable(SQLModel):
    """Base of the service's tables: a schema of its own."""

    metadata = new_metadata()


class FileRow(FilesTable, table=True):
    """A stored file, see `domain.model.StoredFile`."""

    __tablename__ = "files"
    __table_args__ = (
        UniqueConstraint("user_id", "request_id"),
        # Lists, searches and counts are answered from these alone; only a page's own rows are looked up.
        Index("ix_files_kinds", "storage_type", "file_type", "size_bytes"),
        Index("ix_files_of_user", "user_id", "storage_type", "create_time", "bare_id", "file_type"),
        Index(
            "ix_files_listing",
            "storage_type",
            "create_time",
            "bare_id",
            "file_type",
            "user_id",
            "size_bytes",
            "original_name",
        ),
        Index(
            None,
            "expire_time",
            sqlite_where=text("expire_time IS NOT NULL"),
            postgresql_where=text("expire_time IS NOT NULL"),
        ),
    )

    bare_id: str = Field(primary_key=True, max_length=200)
    extension: str = Field(max_length=10)
    user_id: int = Field(sa_type=BigInteger)
    # Set for files that services made; what makes storing them idempotent.
    request_id: str | None = Field(default=None, max_length=128)
    storage_type: int
    file_type: str = Field(max_length=32)
    original_name: str = Field(max_length=255)
    # The name with A to Z in small letters, for PostgreSQL, which takes longer to fold names than to look through them.
    search_name: str | None = Field(
        default=None, sa_column=Column("search_name", String(255), Computed("lower(original_name)"))
    )
    content_type: str = Field(max_length=100)
    size_bytes: int = Field(sa_type=BigInteger)
    sha256: str = Field(max_length=64)
    blob_key: str = Field(max_length=200)
    create_time: datetime = Field(sa_type=UtcDateTime)
    expire_time: datetime | None = Field(default=None, sa_type=UtcDateTime)


class UploadGrantRow(FilesTable, table=True):
    """Leave to write one blob, see `domain.model.UploadGrant`."""

    __tablename__ = "upload_grants"

    id: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(sa_type=BigInteger)
    request_id: str = Field(max_length=128)
    storage_type: int
    file_type: str = Field(max_length=32)
    id_prefix: str = Field(max_length=32)
    original_name: str = Field(max_length=255)
    blob_key: str = Field(max_length=200)
    limit_bytes: int = Field(sa_type=BigInteger)
    expire_time: datetime = Field(sa_type=UtcDateTime, index=True)
    bare_id: str | None = Field(default=None, max_length=200)


# Also the text of the index below, which is read only for a condition in the same words.
IS_SHARED_BLOB = "reference_count > 1"


class BlobRow(FilesTable, table=True):
    """A blob that several persistent files of one user may have. One without a row belongs to one file."""

    __tablename__ = "blobs"
    __table_args__ = (
        UniqueConstraint("user_id", "sha256"),
        Index(
            "ix_blobs_shared",
            "reference_count",
            "size_bytes",
            sqlite_where=text(IS_SHARED_BLOB),
            postgresql_where=text(IS_SHARED_BLOB),
        ),
    )

    blob_key: str = Field(primary_key=True, max_length=200)
    user_id: int = Field(sa_type=BigInteger)
    sha256: str = Field(max_length=64)
    size_bytes: int = Field(sa_type=BigInteger)
    # How many files have it; the row goes with the last one.
    reference_count: int


class BlobGarbageRow(FilesTable, table=True):
    """A blob that nothing refers to any more and that is still to be deleted from the store."""

    __tablename__ = "blob_garbage"

    blob_key: str = Field(primary_key=True, max_length=200)
    create_time: datetime = Field(sa_type=UtcDateTime, index=True)


class DepartedUserRow(FilesTable, table=True):
    """A user who was deleted. Kept for as long as files of theirs may still come."""

    __tablename__ = "departed_users"

    user_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    create_time: datetime = Field(sa_type=UtcDateTime, index=True)


class OutboxRow(OutboxColumns, FilesTable, table=True):
    """Events to send."""

    __tablename__ = "outbox"


class InboxRow(InboxColumns, FilesTable, table=True):
    """Events that were applied."""

    __tablename__ = "inbox"


class StreamRow(StreamColumns, FilesTable, table=True):
    """Streams as last seen."""

    __tablename__ = "streams"


EVENT_TABLES = EventTables.of(OutboxRow, InboxRow, StreamRow)
