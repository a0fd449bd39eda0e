"""Packages, batches of cards and cards."""

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PACKAGES = (
    ("recharge_1", "1元充值", 100, 100),
    ("recharge_6", "6元充值", 600, 600),
    ("recharge_30", "30元充值", 3100, 3000),
    ("recharge_68", "68元充值", 7200, 6800),
    ("recharge_128", "128元充值", 14000, 12800),
    ("recharge_328", "328元充值", 36800, 32800),
)


def upgrade() -> None:
    _create_packages()
    _create_batches()
    _create_cards()


def _create_packages() -> None:
    packages = op.create_table(
        "credit_packages",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("display_name", sa.String(64), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("credits > 0", name="credits"),
        sa.CheckConstraint("price_fen >= 0", name="price_fen"),
    )
    names = ("key", "display_name", "credits", "price_fen")
    op.bulk_insert(
        packages,
        [
            dict(zip(names, package, strict=True)) | {"position": position}
            for position, package in enumerate(_PACKAGES, start=1)
        ],
    )


def _create_batches() -> None:
    op.create_table(
        "card_batches",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column("request_key", sa.String(200), nullable=False),
        sa.Column("input_hash", sa.String(64), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("package_key", sa.String(64), nullable=False),
        sa.Column("package_name", sa.String(64), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("expire_time", UtcDateTime(), nullable=True),
        sa.Column("operator_user_id", sa.BigInteger(), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("request_key"),
        sa.CheckConstraint("credits > 0", name="credits"),
        sa.CheckConstraint("price_fen >= 0", name="price_fen"),
        sa.CheckConstraint("quantity > 0", name="quantity"),
    )
    op.create_index(op.f("ix_card_batches_number"), "card_batches", ["number"])


def _create_cards() -> None:
    op.create_table(
        "cards",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("batch_id", _ROW_ID, sa.ForeignKey("card_batches.id"), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("used_by_user_id", _ROW_ID, sa.ForeignKey("accounts.user_id"), nullable=True),
        sa.Column("use_time", UtcDateTime(), nullable=True),
        sa.Column("redeem_key", sa.String(200), nullable=True),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("redeem_key"),
        sa.CheckConstraint("state IN ('active', 'used', 'disabled', 'deleted')", name="state"),
        sa.CheckConstraint("(state = 'used') = (used_by_user_id IS NOT NULL)", name="used_by_user_id"),
        sa.CheckConstraint("(state = 'used') = (use_time IS NOT NULL)", name="use_time"),
        sa.CheckConstraint("(state = 'used') = (redeem_key IS NOT NULL)", name="redeem_key"),
    )
    op.create_index(op.f("ix_cards_batch_id_state"), "cards", ["batch_id", "state"])
    op.create_index(op.f("ix_cards_used_by_user_id"), "cards", ["used_by_user_id"])


def downgrade() -> None:
    for table in ("cards", "card_batches", "credit_packages"):
        op.drop_table(table)
