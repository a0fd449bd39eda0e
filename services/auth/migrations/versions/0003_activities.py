"""Activities."""

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "activities",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("description", sa.String(500), nullable=False),
        sa.Column("details", sa.String(), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
    )
    for columns in (
        ["user_id", "create_time", "id", "type", "status"],
        ["create_time", "id", "type", "status"],
        ["type", "status", "create_time"],
    ):
        op.create_index(op.f("ix_activities_" + "_".join(columns)), "activities", columns)


def downgrade() -> None:
    op.drop_table("activities")
