"""Invite codes, adjustments, the expiry of credits and wrong codes."""

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _add_times()
    _create_invite_codes()
    _create_adjustments()
    _create_validities()
    _create_guesses()


def _add_times() -> None:
    op.add_column("accounts", sa.Column("expire_time", UtcDateTime(), nullable=True))
    op.add_column("accounts", sa.Column("expired_time", UtcDateTime(), nullable=True))
    has_time = sa.text("expire_time IS NOT NULL")
    op.create_index(
        op.f("ix_accounts_expire_time"),
        "accounts",
        ["expire_time"],
        sqlite_where=has_time,
        postgresql_where=has_time,
    )


def _create_invite_codes() -> None:
    op.create_table(
        "invite_codes",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column("code", sa.String(9), nullable=False),
        sa.Column("request_key", sa.String(200), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("operator_user_id", sa.BigInteger(), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.Column("expire_time", UtcDateTime(), nullable=True),
        sa.Column("used_by_user_id", _ROW_ID, sa.ForeignKey("accounts.user_id"), nullable=True),
        sa.Column("use_time", UtcDateTime(), nullable=True),
        sa.Column("use_key", sa.String(200), nullable=True),
        sa.Column("credits_expire_time", UtcDateTime(), nullable=True),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("request_key"),
        sa.UniqueConstraint("use_key"),
        sa.CheckConstraint("credits > 0", name="credits"),
        sa.CheckConstraint("(used_by_user_id IS NULL) = (use_time IS NULL)", name="use_time"),
        sa.CheckConstraint("(used_by_user_id IS NULL) = (use_key IS NULL)", name="use_key"),
        sa.CheckConstraint("(used_by_user_id IS NULL) = (credits_expire_time IS NULL)", name="credits_expire_time"),
    )
    op.create_index(op.f("ix_invite_codes_operator_user_id"), "invite_codes", ["operator_user_id"])
    op.create_index(op.f("ix_invite_codes_used_by_user_id"), "invite_codes", ["used_by_user_id"])


def _create_adjustments() -> None:
    op.create_table(
        "adjustments",
        sa.Column("request_key", sa.String(200), primary_key=True),
        sa.Column("user_id", _ROW_ID, sa.ForeignKey("accounts.user_id"), nullable=False),
        sa.Column("operation", sa.String(16), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("balance_before", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.CheckConstraint("operation IN ('add', 'subtract', 'set')", name="operation"),
        sa.CheckConstraint("balance_after >= 0", name="balance_after"),
    )


def _create_validities() -> None:
    op.create_table(
        "validities",
        sa.Column("transaction_id", _ROW_ID, sa.ForeignKey("transactions.id"), primary_key=True, autoincrement=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.CheckConstraint("days > 0", name="days"),
    )


def _create_guesses() -> None:
    op.create_table(
        "guesses",
        sa.Column("user_id", _ROW_ID, sa.ForeignKey("accounts.user_id"), primary_key=True, autoincrement=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.CheckConstraint("wrong > 0", name="wrong"),
    )
    op.create_index(op.f("ix_guesses_since"), "guesses", ["since"])


def downgrade() -> None:
    for table in ("guesses", "validities", "adjustments", "invite_codes"):
        op.drop_table(table)
    op.drop_index("ix_accounts_expire_time", "accounts")
    for column in ("expired_time", "expire_time"):
        op.drop_column("accounts", column)
