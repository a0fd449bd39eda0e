"""What was ordered at a provider, and whose turn it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0014"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provider_orders",
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("provider_id", sa.String(length=128), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.Column("sent_time", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("task_id", name="pk_provider_orders"),
    )


def downgrade() -> None:
    op.drop_table("provider_orders")
