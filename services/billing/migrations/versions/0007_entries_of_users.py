"""The index of accounts covers what users can spend, which is all that is looked up by account.

What is held changes with every hold and capture, too, each time at another place of the index: leaving it out halves
the pages that a group of transactions of many users writes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NAME = "ix_postings_account_transaction_id"
_COLUMNS = ["account", "transaction_id"]


def upgrade() -> None:
    is_entry = sa.text("account LIKE 'user:%'")
    op.drop_index(op.f(_NAME), "postings")
    op.create_index(op.f(_NAME), "postings", _COLUMNS, sqlite_where=is_entry, postgresql_where=is_entry)


def downgrade() -> None:
    op.drop_index(op.f(_NAME), "postings")
    op.create_index(op.f(_NAME), "postings", _COLUMNS)
