"""The head of the chain sees to it that postings belong to transactions, in place of a foreign key.

When it moves, what was appended must be exactly the transactions up to the new head and balanced postings of exactly
these. Since rows are never changed or deleted, that says as much as the key did, which PostgreSQL looked up for every
posting: a tenth of its time for a group.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0007"
branch_labels = None
depends_on = None

_KEY = "fk_postings_transaction_id_transactions"
_GAP = "the chain head does not name the newest transaction"
_UNBALANCED = "postings do not sum to zero"
_ALONE = "postings without a transaction"
_STEPS = "NEW.transaction_id - OLD.transaction_id"
_APPENDED = "(SELECT count(*) FROM transactions WHERE id > OLD.transaction_id AND id <= NEW.transaction_id)"
_APPENDED_BEYOND = "EXISTS (SELECT 1 FROM transactions WHERE id > NEW.transaction_id)"
_BALANCED = (
    "(SELECT count(*) FROM (SELECT 1 FROM postings WHERE transaction_id > OLD.transaction_id "
    "AND transaction_id <= NEW.transaction_id "
    "GROUP BY transaction_id HAVING sum(credits) = 0 AND count(*) > 1) AS balanced)"
)
# In this order, each with what is said of it.
_REFUSED = (
    (f"{_APPENDED} <> {_STEPS} OR {_APPENDED_BEYOND}", _GAP),
    (f"{_BALANCED} <> {_STEPS}", _UNBALANCED),
    ("EXISTS (SELECT 1 FROM postings WHERE transaction_id > NEW.transaction_id)", _ALONE),
)
# As 0005 made it.
_FORMER_APPENDED = "(SELECT count(*) FROM transactions WHERE id > OLD.transaction_id)"
_FORMER_BALANCED = (
    "(SELECT count(*) FROM (SELECT 1 FROM postings WHERE transaction_id > OLD.transaction_id "
    "GROUP BY transaction_id HAVING sum(credits) = 0 AND count(*) > 1) AS balanced)"
)
_FORMERLY_REFUSED = (
    (f"{_FORMER_APPENDED} <> {_STEPS}", _GAP),
    (f"{_FORMER_BALANCED} <> {_STEPS}", _UNBALANCED),
)


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint(_KEY, "postings")
        _guard_on_postgresql(_REFUSED)
    else:
        _rebuild_on_sqlite()
        _guard_on_sqlite(_REFUSED)


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.create_foreign_key(_KEY, "postings", "transactions", ["transaction_id"], ["id"])
        _guard_on_postgresql(_FORMERLY_REFUSED)
    else:
        _rebuild_on_sqlite(sa.ForeignKeyConstraint(["transaction_id"], ["transactions.id"], name=op.f(_KEY)))
        _guard_on_sqlite(_FORMERLY_REFUSED)


def _guard_on_postgresql(refused: tuple[tuple[str, str], ...]) -> None:
    checks = " ".join(f"IF {condition} THEN RAISE EXCEPTION '{message}'; END IF;" for condition, message in refused)
    op.execute(
        "CREATE OR REPLACE FUNCTION chain_head_guard() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {checks} RETURN NEW; END $$"
    )


def _guard_on_sqlite(refused: tuple[tuple[str, str], ...]) -> None:
    checks = " ".join(f"SELECT RAISE(ABORT, '{message}') WHERE {condition};" for condition, message in refused)
    op.execute(f"CREATE TRIGGER chain_head_guard BEFORE UPDATE ON chain_head BEGIN {checks} END")


def _rebuild_on_sqlite(*keys: sa.ForeignKeyConstraint) -> None:
    """SQLite cannot change the keys of a table that is there."""
    op.execute("DROP TRIGGER chain_head_guard")
    op.execute("ALTER TABLE postings RENAME TO former_postings")
    op.create_table(
        "postings",
        sa.Column("transaction_id", sa.Integer(), primary_key=True),
        sa.Column("account", sa.String(40), primary_key=True),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("credits <> 0", name="credits"),
        sa.CheckConstraint("balance_after >= 0", name="balance_after"),
        *keys,
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO postings SELECT transaction_id, account, credits, balance_after FROM former_postings")
    # Its indexes and triggers go with it.
    op.execute("DROP TABLE former_postings")
    is_entry = sa.text("account LIKE 'user:%'")
    for name, columns in (
        ("ix_postings_account_transaction_id", ["account", "transaction_id"]),
        ("ix_postings_entries", ["transaction_id", "credits"]),
    ):
        op.create_index(op.f(name), "postings", columns, sqlite_where=is_entry)
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER postings_refuse_{verb.lower()} BEFORE {verb} ON postings "
            "BEGIN SELECT RAISE(ABORT, 'postings are append-only'); END"
        )
