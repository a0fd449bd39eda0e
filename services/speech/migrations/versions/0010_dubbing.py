"""Custom voices, uses of the catalogue's voices, the history of dubbing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0010"
down_revision = "0002"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_custom_voices()
    _create_template_uses()
    _create_dubbings()


def downgrade() -> None:
    op.drop_table("dubbings")
    op.drop_table("template_uses")
    op.drop_table("custom_voices")


def _create_custom_voices() -> None:
    op.create_table(
        "custom_voices",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("file_id", sa.String(length=512), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("pitch_hz", sa.Integer(), nullable=True),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_custom_voices"),
        sa.UniqueConstraint("user_id", "sha256", "name", name="uq_custom_voices_user_id_sha256_name"),
        sqlite_autoincrement=True,
    )


def _create_template_uses() -> None:
    op.create_table(
        "template_uses",
        sa.Column("template_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("use_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("template_id", name="pk_template_uses"),
    )


def _create_dubbings() -> None:
    op.create_table(
        "dubbings",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=True),
        sa.Column("custom_voice_id", sa.BigInteger(), nullable=True),
        sa.Column("emotion_control", sa.String(length=32), nullable=False),
        sa.Column("file_id", sa.String(length=512), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("credits_used", sa.BigInteger(), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dubbings"),
        sa.UniqueConstraint("task_id", name="uq_dubbings_task_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_dubbings_user_id_create_time_id", "dubbings", ["user_id", "create_time", "id"], unique=False)
