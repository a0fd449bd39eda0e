"""Counts of wrong passwords, known addresses, and the audit."""

import sqlalchemy as sa
from alembic import op

from kit.db.types import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_login_attempts()
    _create_audit_records()
    if op.get_bind().dialect.name == "sqlite":
        _protect_audit_on_sqlite()
    else:
        _protect_audit_on_postgresql()


def _create_login_attempts() -> None:
    op.create_table(
        "wrong_passwords",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("expire_time", UtcDateTime(), nullable=False),
    )
    op.create_index(op.f("ix_wrong_passwords_expire_time"), "wrong_passwords", ["expire_time"])
    op.create_table(
        "known_addresses",
        sa.Column("user_id", _ROW_ID, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("login_time", UtcDateTime(), nullable=False),
    )
    op.create_index(op.f("ix_known_addresses_login_time"), "known_addresses", ["login_time"])


def _create_audit_records() -> None:
    op.create_table(
        "audit_records",
        sa.Column("id", _ROW_ID, primary_key=True),
        sa.Column("event_id", sa.String(64), nullable=False),
        sa.Column("create_time", UtcDateTime(), nullable=False),
        sa.Column("request_id", sa.String(128), nullable=False),
        sa.Column("operator_user_id", sa.BigInteger(), nullable=False),
        sa.Column("operator_account", sa.String(32), nullable=False),
        sa.Column("target_user_id", sa.BigInteger(), nullable=True),
        sa.Column("target_account", sa.String(32), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("target", sa.String(512), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.UniqueConstraint("event_id"),
    )
    for columns in (
        ["create_time", "id"],
        ["operator_user_id", "create_time", "id"],
        ["target_user_id", "create_time", "id"],
        ["action", "create_time", "id"],
    ):
        op.create_index(op.f("ix_audit_records_" + "_".join(columns)), "audit_records", columns)


def _protect_audit_on_sqlite() -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_records_refuse_{verb.lower()} BEFORE {verb} ON audit_records "
            "BEGIN SELECT RAISE(ABORT, 'audit_records are append-only'); END"
        )
    # REPLACE deletes rows without asking the triggers above.
    op.execute(
        "CREATE TRIGGER audit_records_refuse_replace BEFORE INSERT ON audit_records "
        "WHEN EXISTS (SELECT 1 FROM audit_records WHERE id = NEW.id OR event_id = NEW.event_id) "
        "BEGIN SELECT RAISE(ABORT, 'audit_records are append-only'); END"
    )


def _protect_audit_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% are append-only', TG_TABLE_NAME; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_records_refuse_change BEFORE UPDATE OR DELETE ON audit_records "
        "FOR EACH ROW EXECUTE FUNCTION audit_refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER audit_records_refuse_truncate BEFORE TRUNCATE ON audit_records "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()"
    )


def downgrade() -> None:
    for table in ("audit_records", "known_addresses", "wrong_passwords"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_refuse_change()")
