"""The first tables of speech."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_inbox()
    _create_outbox()
    _create_streams()
    _create_tasks()


def downgrade() -> None:
    op.drop_table("tasks")
    op.drop_table("streams")
    op.drop_table("outbox")
    op.drop_table("inbox")


def _create_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.String(length=200), nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id", name="pk_inbox"),
    )
    op.create_index("ix_inbox_create_time", "inbox", ["create_time"], unique=False)


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("type", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("headers", sa.String(), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_time", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index(
        "ix_outbox_create_time",
        "outbox",
        ["create_time"],
        unique=False,
        sqlite_where=sa.text("sent_time IS NULL"),
        postgresql_where=sa.text("sent_time IS NULL"),
    )
    op.create_index(
        "ix_outbox_sent_time",
        "outbox",
        ["sent_time"],
        unique=False,
        sqlite_where=sa.text("sent_time IS NOT NULL"),
        postgresql_where=sa.text("sent_time IS NOT NULL"),
    )


def _create_streams() -> None:
    op.create_table(
        "streams",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created", sa.String(length=200), nullable=False),
        sa.Column("server", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_streams"),
    )


def _create_tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(length=200), nullable=False),
        sa.Column("input_hash", sa.String(length=200), nullable=False),
        sa.Column("input", sa.Text(), nullable=False),
        sa.Column("output", sa.Text(), nullable=True),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("hold_id", sa.String(length=64), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=64), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=200), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("error_reason", sa.String(length=64), nullable=False),
        sa.Column("error_message", sa.Text(), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.Column("update_time", UtcDateTime(), nullable=False),
        sa.Column("enqueue_time", UtcDateTime(), nullable=True),
        sa.Column("wake_time", UtcDateTime(), nullable=True),
        sa.Column("start_time", UtcDateTime(), nullable=True),
        sa.Column("finish_time", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("user_id", "request_id", name="uq_tasks_user_id_request_id"),
    )
    op.create_index(
        "ix_tasks_create_time",
        "tasks",
        ["create_time"],
        unique=False,
        sqlite_where=sa.text("state = 'NEW'"),
        postgresql_where=sa.text("state = 'NEW'"),
    )
    op.create_index(
        "ix_tasks_lease_until",
        "tasks",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("state = 'RUNNING'"),
        postgresql_where=sa.text("state = 'RUNNING'"),
    )
    op.create_index(
        "ix_tasks_user_id",
        "tasks",
        ["user_id"],
        unique=False,
        sqlite_where=sa.text("state IN ('NEW', 'QUEUED', 'RUNNING')"),
        postgresql_where=sa.text("state IN ('NEW', 'QUEUED', 'RUNNING')"),
    )
    op.create_index("ix_tasks_user_id_create_time_id", "tasks", ["user_id", "create_time", "id"], unique=False)
    op.create_index(
        "ix_tasks_wake_time",
        "tasks",
        ["wake_time"],
        unique=False,
        sqlite_where=sa.text("state = 'QUEUED'"),
        postgresql_where=sa.text("state = 'QUEUED'"),
    )
