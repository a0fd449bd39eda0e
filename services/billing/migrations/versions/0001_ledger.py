"""Accounts, entries, holds, prices and the event tables. Entries refuse to be changed."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PRICES = (
    ("tts", "语音合成", 10),
    ("voice_clone", "音色克隆", 50),
    ("video_generate", "视频生成", 100),
    ("chroma_key", "绿幕背景替换", 80),
    ("asr_recognize", "语音识别", 20),
    ("llm_rewrite", "文本仿写", 15),
)


def upgrade() -> None:
    _create_ledger_tables()
    _create_hold_tables()
    _create_prices()
    _create_event_tables()
    if op.get_context().dialect.name == "postgresql":
        _protect_entries_on_postgresql()
    else:
        _protect_entries_on_sqlite()


def _create_ledger_tables() -> None:
    op.create_table(
        "accounts",
        sa.Column("user_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("available >= 0", name="available"),
        sa.CheckConstraint("held >= 0", name="held"),
    )
    op.create_table(
        "entries",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("accounts.user_id"), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("balance_before", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("feature_key", sa.String(64), nullable=True),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("operator_user_id", sa.BigInteger(), nullable=True),
        sa.Column("hold_id", sa.String(64), nullable=True),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.CheckConstraint("balance_after = balance_before + credits", name="sum"),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_entries_user_id_id"), "entries", ["user_id", "id"])
    op.create_table(
        "idempotency",
        sa.Column("scope", sa.String(64), primary_key=True),
        sa.Column("request_id", sa.String(128), primary_key=True),
        sa.Column("input_hash", sa.String(64), nullable=False),
        sa.Column("entry_id", _ROW_ID, sa.ForeignKey("entries.id"), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
    )


def _create_hold_tables() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("request_id", sa.String(128), nullable=False),
        sa.Column("input_hash", sa.String(64), nullable=False),
        sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("accounts.user_id"), nullable=False),
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


def _protect_entries_on_sqlite() -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER entries_refuse_{verb.lower()} BEFORE {verb} ON entries "
            "BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END"
        )


def _protect_entries_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION entries_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'entries are append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER entries_refuse_change BEFORE UPDATE OR DELETE ON entries "
        "FOR EACH ROW EXECUTE FUNCTION entries_refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER entries_refuse_truncate BEFORE TRUNCATE ON entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION entries_refuse_change()"
    )


def downgrade() -> None:
    for table in ("streams", "inbox", "outbox", "feature_prices", "holds", "idempotency", "entries", "accounts"):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION entries_refuse_change()")
