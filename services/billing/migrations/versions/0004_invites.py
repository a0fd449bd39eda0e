"""Invite codes, adjustments, the expiry of credits, wrong codes; the database refuses transactions out of balance."""

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# The head moves once per group of transactions, after their postings: then, what is behind the old one must be whole.
_IS_OUT_OF_BALANCE = (
    "EXISTS (SELECT 1 FROM transactions WHERE transactions.id > OLD.transaction_id AND COALESCE("
    "(SELECT SUM(postings.credits) FROM postings WHERE postings.transaction_id = transactions.id), 1) <> 0)"
)
_REFUSAL = "transactions must have postings that sum to zero"


def upgrade() -> None:
    _add_times()
    _create_invite_codes()
    _create_adjustments()
    _create_validities()
    _create_guesses()
    if op.get_context().dialect.name == "postgresql":
        _guard_balance_on_postgresql()
    else:
        op.execute(
            "CREATE TRIGGER chain_head_refuse_imbalance BEFORE UPDATE ON chain_head "
            f"WHEN {_IS_OUT_OF_BALANCE} BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )


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


def _guard_balance_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION chain_head_refuse_imbalance() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {_IS_OUT_OF_BALANCE} THEN RAISE EXCEPTION '{_REFUSAL}'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER chain_head_refuse_imbalance BEFORE UPDATE ON chain_head "
        "FOR EACH ROW EXECUTE FUNCTION chain_head_refuse_imbalance()"
    )


def downgrade() -> None:
    op.execute(
        "DROP TRIGGER chain_head_refuse_imbalance"
        + (" ON chain_head" if op.get_context().dialect.name == "postgresql" else "")
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION chain_head_refuse_imbalance()")
    for table in ("guesses", "validities", "adjustments", "invite_codes"):
        op.drop_table(table)
    op.drop_index("ix_accounts_expire_time", "accounts")
    for column in ("expired_time", "expire_time"):
        op.drop_column("accounts", column)
