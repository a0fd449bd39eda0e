"""Users, refresh tokens and the event tables."""

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("account_key", sa.String(32), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.Column("update_time", UtcDateTime(), nullable=False),
        sa.Column("last_login_time", UtcDateTime(), nullable=True),
        sa.Column("access_not_before", UtcDateTime(), nullable=True),
        sa.Column("kept_token_id", sa.String(64), nullable=True),
        sa.CheckConstraint("status IN ('active', 'frozen')", name="status"),
        sa.UniqueConstraint("uuid"),
        sa.UniqueConstraint("account_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("user_id", _ROW_ID, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.Column("expire_time", UtcDateTime(), nullable=False),
    )
    op.create_index(op.f("ix_refresh_tokens_user_id"), "refresh_tokens", ["user_id"])
    op.create_index(op.f("ix_refresh_tokens_expire_time"), "refresh_tokens", ["expire_time"])
    _create_event_tables()


def _create_event_tables() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("type", sa.String(200), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("headers", sa.String(), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_time", UtcDateTime(), nullable=True),
    )
    unsent, sent = sa.text("sent_time IS NULL"), sa.text("sent_time IS NOT NULL")
    op.create_index(
        op.f("ix_outbox_create_time"), "outbox", ["create_time"], sqlite_where=unsent, postgresql_where=unsent
    )
    op.create_index(op.f("ix_outbox_sent_time"), "outbox", ["sent_time"], sqlite_where=sent, postgresql_where=sent)
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.String(200), primary_key=True),
        sa.Column("event_id", sa.String(64), primary_key=True),
        sa.Column("create_time", UtcDateTime(), nullable=False),
    )
    op.create_index(op.f("ix_inbox_create_time"), "inbox", ["create_time"])
    op.create_table(
        "streams",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("created", sa.String(200), nullable=False),
        sa.Column("server", sa.String(200), nullable=False),
    )


def downgrade() -> None:
    for table in ("streams", "inbox", "outbox", "refresh_tokens", "users"):
        op.drop_table(table)
