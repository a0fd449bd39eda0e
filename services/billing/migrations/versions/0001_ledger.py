"""Accounts, the journal, holds, prices and the event tables. The journal refuses to be changed."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JOURNAL = ("transactions", "postings")
_PRICES = (
    ("tts", "语音合成", 10),
    ("voice_clone", "音色克隆", 50),
    ("video_generate", "视频生成", 100),
    ("chroma_key", "绿幕背景替换", 80),
    ("asr_recognize", "语音识别", 20),
    ("llm_rewrite", "文本仿写", 15),
)


def upgrade() -> None:
    _create_accounts()
    _create_journal()
    _create_hold_tables()
    _create_prices()
    _create_event_tables()
    if op.get_context().dialect.name == "postgresql":
        _protect_journal_on_postgresql()
    else:
        _protect_journal_on_sqlite()


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("user_id", _ROW_ID, primary_key=True, autoincrement=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("available >= 0", name="available"),
        sa.CheckConstraint("held >= 0", name="held"),
    )


def _create_journal() -> None:
    op.create_table(
        "transactions",
        sa.Column("id", _ROW_ID, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("request_key", sa.String(200), nullable=False),
        sa.Column("input_hash", sa.String(64), nullable=False),
        sa.Column("hold_id", sa.String(64), nullable=True),
        sa.Column("feature_key", sa.String(64), nullable=True),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("operator_user_id", sa.BigInteger(), nullable=True),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.UniqueConstraint("request_key"),
    )
    op.create_table(
        "postings",
        sa.Column("transaction_id", _ROW_ID, sa.ForeignKey("transactions.id"), primary_key=True),
        sa.Column("account", sa.String(40), primary_key=True),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("credits <> 0", name="credits"),
        sa.CheckConstraint("balance_after >= 0", name="balance_after"),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_postings_account_transaction_id"), "postings", ["account", "transaction_id"])
    head = op.create_table(
        "chain_head",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.CheckConstraint("id = 1", name="only"),
    )
    op.bulk_insert(head, [{"id": 1, "transaction_id": 0, "hash": "0" * 64}])


def _create_hold_tables() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("request_id", sa.String(128), nullable=False),
        sa.Column("input_hash", sa.String(64), nullable=False),
        sa.Column("user_id", _ROW_ID, sa.ForeignKey("accounts.user_id"), nullable=False),
        sa.Column("feature_key", sa.String(64), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("captured_credits", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.Column("expire_time", UtcDateTime(), nullable=False),
        sa.Column("settle_time", UtcDateTime(), nullable=True),
        sa.UniqueConstraint("request_id"),
        sa.CheckConstraint("state IN ('open', 'captured', 'released')", name="state"),
        sa.CheckConstraint("captured_credits >= 0 AND captured_credits <= credits", name="captured_credits"),
    )
    is_open = sa.text("state = 'open'")
    op.create_index(
        op.f("ix_holds_open_expire_time"),
        "holds",
        ["expire_time"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def _create_prices() -> None:
    prices = op.create_table(
        "feature_prices",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("display_name", sa.String(64), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("update_time", UtcDateTime(), nullable=False),
        sa.CheckConstraint("credits >= 0", name="credits"),
    )
    now = datetime.now(UTC)
    op.bulk_insert(
        prices,
        [
            {
                "key": key,
                "display_name": display_name,
                "credits": credits,
                "position": position,
                "update_time": now,
            }
            for position, (key, display_name, credits) in enumerate(_PRICES, start=1)
        ],
    )


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


def _protect_journal_on_sqlite() -> None:
    for table in _JOURNAL:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} are append-only'); END"
            )
    # REPLACE deletes rows without asking the triggers above.
    op.execute(
        "CREATE TRIGGER transactions_refuse_replace BEFORE INSERT ON transactions "
        "WHEN EXISTS (SELECT 1 FROM transactions WHERE id = NEW.id OR request_key = NEW.request_key) "
        "BEGIN SELECT RAISE(ABORT, 'transactions are append-only'); END"
    )
    op.execute(
        "CREATE TRIGGER postings_refuse_replace BEFORE INSERT ON postings "
        "WHEN EXISTS (SELECT 1 FROM postings WHERE transaction_id = NEW.transaction_id AND account = NEW.account) "
        "BEGIN SELECT RAISE(ABORT, 'postings are append-only'); END"
    )


def _protect_journal_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION journal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% are append-only', TG_TABLE_NAME; END $$"
    )
    for table in _JOURNAL:
        op.execute(
            f"CREATE TRIGGER {table}_refuse_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION journal_refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse_change()"
        )


def downgrade() -> None:
    for table in (
        "streams",
        "inbox",
        "outbox",
        "feature_prices",
        "holds",
        "chain_head",
        "postings",
        "transactions",
        "accounts",
    ):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION journal_refuse_change()")
