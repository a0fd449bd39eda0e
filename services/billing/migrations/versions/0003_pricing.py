"""What administrators say of packages, and sums over the journal."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NEW_COLUMNS = (
    "description",
    "discount_hundredths",
    "is_popular",
    "features",
    "validity_days",
    "request_key",
    "input_hash",
    "create_time",
    "update_time",
)


def upgrade() -> None:
    _widen_packages()
    _create_sums()


def _widen_packages() -> None:
    # With defaults, so that code of before can still add rows; 1970 for the times of such rows.
    is_postgresql = op.get_context().dialect.name == "postgresql"
    long_ago = sa.text("to_timestamp(0)" if is_postgresql else "0")
    for column in (
        sa.Column("description", sa.String(200), nullable=False, server_default=""),
        sa.Column("discount_hundredths", sa.Integer(), nullable=True),
        sa.Column("is_popular", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("features", sa.String(), nullable=False, server_default="[]"),
        sa.Column("validity_days", sa.Integer(), nullable=False, server_default="365"),
        sa.Column("request_key", sa.String(200), nullable=True),
        sa.Column("input_hash", sa.String(64), nullable=False, server_default=""),
        sa.Column("create_time", UtcDateTime(), nullable=False, server_default=long_ago),
        sa.Column("update_time", UtcDateTime(), nullable=False, server_default=long_ago),
    ):
        op.add_column("credit_packages", column)
    op.create_index(op.f("ix_credit_packages_request_key"), "credit_packages", ["request_key"], unique=True)
    packages = sa.table(
        "credit_packages",
        sa.column("key", sa.String()),
        sa.column("is_popular", sa.Boolean()),
        sa.column("create_time", UtcDateTime()),
        sa.column("update_time", UtcDateTime()),
    )
    now = datetime.now(UTC)
    op.execute(packages.update().values(create_time=now, update_time=now))
    op.execute(packages.update().where(packages.c.key == "recharge_30").values(is_popular=True))


def _create_sums() -> None:
    head = op.create_table(
        "statistics_head",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="only"),
    )
    op.bulk_insert(head, [{"id": 1, "transaction_id": 0}])
    op.create_table(
        "credit_totals",
        sa.Column("account", sa.String(40), primary_key=True),
        sa.Column("postings", sa.BigInteger(), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entry_totals",
        sa.Column("account", sa.String(40), primary_key=True),
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("postings", sa.BigInteger(), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "consumption_totals",
        sa.Column("quarter", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("feature_key", sa.String(64), primary_key=True),
        sa.Column("postings", sa.BigInteger(), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("consumption_totals", "entry_totals", "credit_totals", "statistics_head"):
        op.drop_table(table)
    op.drop_index(op.f("ix_credit_packages_request_key"), "credit_packages")
    for column in _NEW_COLUMNS:
        op.drop_column("credit_packages", column)
