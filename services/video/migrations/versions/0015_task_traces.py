"""A task remembers the trace of the request that asked for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tasks", sa.Column("trace_parent", sa.String(length=64), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("tasks", "trace_parent")
