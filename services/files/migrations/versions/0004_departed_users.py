"""Users who were deleted, whose files are still to be removed or may still come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "departed_users",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_departed_users"),
    )
    op.create_index("ix_departed_users_create_time", "departed_users", ["create_time"])


def downgrade() -> None:
    op.drop_table("departed_users")
