"""Webhooks and what is on its way to them."""

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0020"
down_revision = "0010"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_IS_PENDING = sa.text("state = 'pending'")


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("user_id", _ROW_ID, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("request_id", sa.String(128), nullable=False),
        sa.Column("url", sa.String(2048), nullable=False),
        sa.Column("events", sa.String(255), nullable=False),
        sa.Column("secret", sa.String(128), nullable=False),
        sa.Column("former_secret", sa.String(128), nullable=False),
        sa.Column("former_expire_time", UtcDateTime(), nullable=True),
        sa.Column("rotation_id", sa.String(128), nullable=False),
        sa.Column("disabled_for", sa.String(16), nullable=False),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.Column("update_time", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("user_id", "request_id"),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("webhook_id", sa.String(64), sa.ForeignKey("webhooks.id"), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("task_id", sa.String(128), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(32), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.Column("attempt_time", UtcDateTime(), nullable=True),
        sa.Column("due_time", UtcDateTime(), nullable=False),
    )
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["due_time"],
        sqlite_where=_IS_PENDING,
        postgresql_where=_IS_PENDING,
    )
    op.create_index(
        op.f("ix_webhook_deliveries_webhook_id_create_time_id"),
        "webhook_deliveries",
        ["webhook_id", "create_time", "id"],
    )
    op.create_index(op.f("ix_webhook_deliveries_create_time"), "webhook_deliveries", ["create_time"])


def downgrade() -> None:
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
