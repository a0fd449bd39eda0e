"""Indexes for searching entries: what is searched, without the rest of the row, in the order of the answers."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_transactions_search"), "transactions", ["id", "kind", "create_time", "description"])
    is_entry = sa.text("account LIKE 'user:%'")
    op.create_index(
        op.f("ix_postings_entries"),
        "postings",
        ["transaction_id", "credits"],
        sqlite_where=is_entry,
        postgresql_where=is_entry,
    )
    is_partly_captured = sa.text("state = 'captured' AND captured_credits < credits")
    op.create_index(
        op.f("ix_holds_partly_captured"),
        "holds",
        ["id"],
        sqlite_where=is_partly_captured,
        postgresql_where=is_partly_captured,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_holds_partly_captured"), "holds")
    op.drop_index(op.f("ix_postings_entries"), "postings")
    op.drop_index(op.f("ix_transactions_search"), "transactions")
