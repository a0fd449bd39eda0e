"""Lists of tasks are read from indexes; cloned voices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_UNFINISHED = "state IN ('NEW', 'QUEUED', 'RUNNING')"


def upgrade() -> None:
    op.create_index(
        "ix_tasks_user_id_create_time_id_kind_state",
        "tasks",
        ["user_id", "create_time", "id", "kind", "state"],
        unique=False,
    )
    op.create_index(
        "ix_tasks_create_time_id_kind_state_user_id",
        "tasks",
        ["create_time", "id", "kind", "state", "user_id"],
        unique=False,
    )
    op.create_index(
        "ix_tasks_user_id_state",
        "tasks",
        ["user_id", "state"],
        unique=False,
        sqlite_where=sa.text(_UNFINISHED),
        postgresql_where=sa.text(_UNFINISHED),
    )
    # The new indexes begin with their columns.
    op.drop_index("ix_tasks_user_id", table_name="tasks")
    op.drop_index("ix_tasks_user_id_create_time_id", table_name="tasks")
    _create_voices()


def downgrade() -> None:
    op.drop_table("voices")
    op.create_index(
        "ix_tasks_user_id",
        "tasks",
        ["user_id"],
        unique=False,
        sqlite_where=sa.text(_UNFINISHED),
        postgresql_where=sa.text(_UNFINISHED),
    )
    op.drop_index("ix_tasks_user_id_state", table_name="tasks")
    op.create_index("ix_tasks_user_id_create_time_id", "tasks", ["user_id", "create_time", "id"], unique=False)
    op.drop_index("ix_tasks_create_time_id_kind_state_user_id", table_name="tasks")
    op.drop_index("ix_tasks_user_id_create_time_id_kind_state", table_name="tasks")


def _create_voices() -> None:
    op.create_table(
        "voices",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("prefix", sa.String(length=64), nullable=False),
        sa.Column("engine", sa.String(length=64), nullable=False),
        sa.Column("target_model", sa.String(length=64), nullable=False),
        sa.Column("engine_voice", sa.Text(), nullable=False),
        sa.Column("sample_file_id", sa.String(length=512), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.Column("update_time", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_voices"),
    )
    op.create_index("ix_voices_create_time_id", "voices", ["create_time", "id"], unique=False)
