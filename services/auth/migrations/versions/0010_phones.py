"""Users who came by phone, and the codes sent to phones."""

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0010"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("phone", sa.String(11), nullable=True))
    op.create_index(op.f("ix_users_phone"), "users", ["phone"], unique=True)
    op.create_table(
        "phone_codes",
        sa.Column("phone_digest", sa.String(64), primary_key=True),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("network", sa.String(64), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("wrong_elsewhere", sa.Integer(), nullable=False),
        sa.Column("expire_time", UtcDateTime(), nullable=False),
    )
    op.create_index(op.f("ix_phone_codes_expire_time"), "phone_codes", ["expire_time"])


def downgrade() -> None:
    op.drop_table("phone_codes")
    op.drop_index(op.f("ix_users_phone"), "users")
    op.drop_column("users", "phone")
