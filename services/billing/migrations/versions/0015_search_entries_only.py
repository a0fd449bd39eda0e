"""The search index covers entries only, which makes every capture cheaper, too.

A capture is an entry when a part of the hold comes back, and only then it has a description. Until now such captures
were found by an index of their holds, one by one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None

_COLUMNS = ["id", "kind", "create_time", "description"]


def upgrade() -> None:
    is_shown = sa.text("kind <> 'capture' OR description <> ''")
    op.drop_index(op.f("ix_transactions_search"), "transactions")
    op.create_index(
        op.f("ix_transactions_search"), "transactions", _COLUMNS, sqlite_where=is_shown, postgresql_where=is_shown
    )
    op.drop_index(op.f("ix_holds_partly_captured"), "holds")


def downgrade() -> None:
    is_partly_captured = sa.text("state = 'captured' AND captured_credits < credits")
    op.create_index(
        op.f("ix_holds_partly_captured"),
        "holds",
        ["id"],
        sqlite_where=is_partly_captured,
        postgresql_where=is_partly_captured,
    )
    op.drop_index(op.f("ix_transactions_search"), "transactions")
    op.create_index(op.f("ix_transactions_search"), "transactions", _COLUMNS)
