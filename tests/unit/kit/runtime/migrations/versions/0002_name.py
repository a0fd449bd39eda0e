"""A column, added as SQLite needs it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("thing") as table:
        table.add_column(sa.Column("name", sa.String(20), nullable=False, server_default=""))
