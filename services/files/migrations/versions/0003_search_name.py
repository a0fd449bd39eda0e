"""Names of files as PostgreSQL looks through them: folded when they are written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Stored only on PostgreSQL: SQLite adds no stored column to a table that is there, and needs none.
    is_postgresql = op.get_context().dialect.name == "postgresql"
    folded = 'lower(original_name COLLATE "C")' if is_postgresql else "lower(original_name)"
    name = sa.Column("search_name", sa.String(length=255), sa.Computed(folded, persisted=is_postgresql))
    op.add_column("files", name)


def downgrade() -> None:
    op.drop_column("files", "search_name")
