"""Lists of tasks are read from indexes, and a user's unfinished tasks are counted from one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

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
    # The new index begins with its columns.
    op.drop_index("ix_tasks_user_id_create_time_id", table_name="tasks")
    op.create_index(
        "ix_tasks_user_id_state",
        "tasks",
        ["user_id", "state"],
        unique=False,
        sqlite_where=sa.text(_UNFINISHED),
        postgresql_where=sa.text(_UNFINISHED),
    )


def downgrade() -> None:
    op.drop_index("ix_tasks_user_id_state", table_name="tasks")
    op.create_index("ix_tasks_user_id_create_time_id", "tasks", ["user_id", "create_time", "id"], unique=False)
    op.drop_index("ix_tasks_create_time_id_kind_state_user_id", table_name="tasks")
    op.drop_index("ix_tasks_user_id_create_time_id_kind_state", table_name="tasks")
