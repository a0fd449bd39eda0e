"""Blobs that files of one user share, and the indexes that lists and searches read.

Files stored before have no row among the blobs, which says that their blob is theirs alone. The index that goes was
read by nothing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LISTING = ["storage_type", "create_time", "bare_id", "file_type", "user_id", "size_bytes", "original_name"]


def upgrade() -> None:
    op.create_table(
        "blobs",
        sa.Column("blob_key", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("reference_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("blob_key", name="pk_blobs"),
        sa.UniqueConstraint("user_id", "sha256", name="uq_blobs_user_id_sha256"),
    )
    is_shared = sa.text("reference_count > 1")
    op.create_index(
        "ix_blobs_shared",
        "blobs",
        ["reference_count", "size_bytes"],
        sqlite_where=is_shared,
        postgresql_where=is_shared,
    )
    op.create_index("ix_files_kinds", "files", ["storage_type", "file_type", "size_bytes"])
    op.create_index("ix_files_of_user", "files", ["user_id", "storage_type", "create_time", "bare_id", "file_type"])
    op.create_index("ix_files_listing", "files", _LISTING)
    op.drop_index("ix_files_user_id_create_time", "files")


def downgrade() -> None:
    op.create_index("ix_files_user_id_create_time", "files", ["user_id", "create_time"])
    op.drop_index("ix_files_listing", "files")
    op.drop_index("ix_files_of_user", "files")
    op.drop_index("ix_files_kinds", "files")
    op.drop_table("blobs")
