"""Material lists, remembered revocations, and indexes for lists of users."""

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "materials",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column("user_id", _ROW_ID, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("item_id", sa.String(200), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("user_id", "kind", "item_id"),
    )
    op.create_table(
        "revocations",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("kept_token_id", sa.String(64), nullable=False),
        sa.Column("is_frozen", sa.Boolean(), nullable=False),
    )
    op.create_index(op.f("ix_revocations_not_before"), "revocations", ["not_before"])
    op.create_index(op.f("ix_users_create_time"), "users", ["create_time"])
    for name, condition in (("ix_users_admins", "is_admin"), ("ix_users_frozen", "status = 'frozen'")):
        where = sa.text(condition)
        op.create_index(name, "users", ["id"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name in ("ix_users_frozen", "ix_users_admins", "ix_users_create_time"):
        op.drop_index(name, "users")
    for table in ("revocations", "materials"):
        op.drop_table(table)
