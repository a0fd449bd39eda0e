"""When the next submission to a provider may be made, and what runs there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "submission_turns",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("free_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_submission_turns"),
    )
    op.create_table(
        "running_submissions",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "holder", name="pk_running_submissions"),
    )


def downgrade() -> None:
    op.drop_table("running_submissions")
    op.drop_table("submission_turns")
