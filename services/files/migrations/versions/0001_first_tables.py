"""The first tables of files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_blob_garbage()
    _create_files()
    _create_inbox()
    _create_outbox()
    _create_streams()
    _create_upload_grants()


def downgrade() -> None:
    op.drop_table("upload_grants")
    op.drop_table("streams")
    op.drop_table("outbox")
    op.drop_table("inbox")
    op.drop_table("files")
    op.drop_table("blob_garbage")


def _create_blob_garbage() -> None:
    op.create_table(
        "blob_garbage",
        sa.Column("blob_key", sa.String(length=200), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("blob_key", name="pk_blob_garbage"),
    )
    op.create_index("ix_blob_garbage_create_time", "blob_garbage", ["create_time"], unique=False)


def _create_files() -> None:
    op.create_table(
        "files",
        sa.Column("bare_id", sa.String(length=200), nullable=False),
        sa.Column("extension", sa.String(length=10), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.String(length=128), nullable=True),
        sa.Column("storage_type", sa.Integer(), nullable=False),
        sa.Column("file_type", sa.String(length=32), nullable=False),
        sa.Column("original_name", sa.String(length=255), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("blob_key", sa.String(length=200), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.Column("expire_time", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("bare_id", name="pk_files"),
        sa.UniqueConstraint("user_id", "request_id", name="uq_files_user_id_request_id"),
    )
    op.create_index(
        "ix_files_expire_time",
        "files",
        ["expire_time"],
        unique=False,
        sqlite_where=sa.text("expire_time IS NOT NULL"),
        postgresql_where=sa.text("expire_time IS NOT NULL"),
    )
    op.create_index("ix_files_user_id_create_time", "files", ["user_id", "create_time"], unique=False)


def _create_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.String(length=200), nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id", name="pk_inbox"),
    )
    op.create_index("ix_inbox_create_time", "inbox", ["create_time"], unique=False)


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("type", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("headers", sa.String(), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_time", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index(
        "ix_outbox_create_time",
        "outbox",
        ["create_time"],
        unique=False,
        sqlite_where=sa.text("sent_time IS NULL"),
        postgresql_where=sa.text("sent_time IS NULL"),
    )
    op.create_index(
        "ix_outbox_sent_time",
        "outbox",
        ["sent_time"],
        unique=False,
        sqlite_where=sa.text("sent_time IS NOT NULL"),
        postgresql_where=sa.text("sent_time IS NOT NULL"),
    )


def _create_streams() -> None:
    op.create_table(
        "streams",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created", sa.String(length=200), nullable=False),
        sa.Column("server", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_streams"),
    )


def _create_upload_grants() -> None:
    op.create_table(
        "upload_grants",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.String(length=128), nullable=False),
        sa.Column("storage_type", sa.Integer(), nullable=False),
        sa.Column("file_type", sa.String(length=32), nullable=False),
        sa.Column("id_prefix", sa.String(length=32), nullable=False),
        sa.Column("original_name", sa.String(length=255), nullable=False),
        sa.Column("blob_key", sa.String(length=200), nullable=False),
        sa.Column("limit_bytes", sa.BigInteger(), nullable=False),
        sa.Column("expire_time", UtcDateTime(), nullable=False),
        sa.Column("bare_id", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_upload_grants"),
    )
    op.create_index("ix_upload_grants_expire_time", "upload_grants", ["expire_time"], unique=False)
