"""A ledger that is right is found right, and whatever was tampered with is named, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Connection, TextClause, create_engine, text
from sqlalchemy.pool import NullPool

from services.billing.domain.commands import TaskOutcome
from services.billing.domain.journal import ChainHead
from services.billing.domain.pricing import VOICE_SYNTHESIS
from services.billing.store.audit import LedgerAudit, open_audit
from services.billing.usecases.verification import Verification
from tests.store.billing.conftest import USER, Billing, reservation


async def live(billing: Billing) -> None:
    """Seven transactions: two recharges; three holds, of which one is captured in part, one released, one open."""
    await billing.recharge(100)
    await billing.recharge(50, user_id=8, request_id="second")
    captured = await billing.holds.reserve(reservation("t-1"))
    await billing.holds.reserve(reservation("t-2"))
    await billing.holds.capture(captured.id, 4)
    await billing.holds.reserve(replace(reservation("t-3", 5), feature_key=VOICE_SYNTHESIS))
    await billing.end_task("t-3", TaskOutcome.NOT_DONE)
    await billing.holds.reserve(reservation("t-4", 0))
    await billing.end_task("t-5", TaskOutcome.NOT_DONE)


def findings(url: str, published: ChainHead | None = None) -> list[str]:
    with open_audit(url) as audit:
        return [f"{found.where}: {found.problem}" for found in Verification(audit, published).findings()]


def tamper(url: str, *statements: str | TextClause) -> None:
    """Changes rows as somebody who owns the database can."""
    with _tampering(url) as connection:
        for statement in statements:
            connection.execute(text(statement) if isinstance(statement, str) else statement)
        connection.commit()


def assert_named(url: str, *tampered: tuple[str, str]) -> None:
    """Each statement, done alone and undone again, leads to a finding that starts with its text."""
    for statement, beginning in tampered:
        with _tampering(url) as connection:
            connection.execute(text(statement))
            lines = [f"{found.where}: {found.problem}" for found in Verification(LedgerAudit(connection)).findings()]
            connection.rollback()
        assert any(line.startswith(beginning) for line in lines), (statement, lines)
    assert findings(url) == []


@contextmanager
def _tampering(url: str) -> Iterator[Connection]:
    # Nothing of ours is on the connection: SQLite then minds no foreign key.
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
            for name in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield connection


async def test_a_ledger_nobody_touched_is_right(billing: Billing, database_url: str) -> None:
    assert findings(database_url) == []
    await live(billing)
    with open_audit(database_url) as audit:
        verification = Verification(audit)
        assert list(verification.findings()) == []
        assert verification.transactions == 7
        assert verification.head == audit.head()
    assert findings(database_url, verification.head) == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE postings SET credits = 1000 WHERE transaction_id = 1 AND credits > 0", "transaction 1: its content"),
        (
            "UPDATE postings SET credits = 1000 WHERE transaction_id = 1 AND credits > 0",
            "transaction 1: its postings sum",
        ),
        (
            "UPDATE postings SET balance_after = 7 WHERE transaction_id = 3 AND account = 'user:7'",
            "transaction 3: leaves",
        ),
        ("UPDATE postings SET account = 'user:9' WHERE transaction_id = 2 AND credits > 0", "account user:9: has 50"),
        ("UPDATE postings SET account = 'nobody' WHERE transaction_id = 2 AND credits > 0", "transaction 2: posts to"),
        ("UPDATE transactions SET description = 'gift' WHERE id = 2", "transaction 2: its content"),
        ("UPDATE transactions SET description = 'gift' WHERE id = 2", "transaction 2: claims its request"),
        ("UPDATE transactions SET kind = 'gift' WHERE id = 2", "transaction 2: its kind is unknown"),
        ("UPDATE transactions SET request_key = 'recharge:2:x' WHERE id = 2", "transaction 2: claims request"),
        ("UPDATE transactions SET request_key = 'reserve:t-9' WHERE id = 3", "transaction 3: claims request"),
        ("UPDATE transactions SET hold_id = 'hold_x' WHERE id = 3", "transaction 3: is about hold hold_x"),
        ("UPDATE transactions SET previous_hash = hash WHERE id = 4", "transaction 4: does not follow transaction 3"),
        ("UPDATE accounts SET available = available + 1 WHERE user_id = 7", "account of user 7: 87 available"),
        ("UPDATE accounts SET held = held + 1 WHERE user_id = 7", "account of user 7: 11 held, but 10 in open holds"),
        ("DELETE FROM accounts WHERE user_id = 8", "account user:8: has 50"),
        ("UPDATE holds SET credits = 9, captured_credits = 0 WHERE request_id = 't-2'", "account of user 7: 10 held"),
        ("UPDATE holds SET state = 'released', captured_credits = 0 WHERE request_id = 't-1'", "it otherwise"),
        ("UPDATE holds SET state = 'open' WHERE request_id = 't-3'", "it otherwise"),
        ("UPDATE holds SET state = 'released' WHERE request_id = 't-2'", "no transaction settles it"),
        ("UPDATE holds SET request_id = 't-9' WHERE request_id = 't-2'", "no transaction makes it"),
        ("UPDATE holds SET input_hash = 'x' WHERE request_id = 't-2'", "its input is not that of transaction 4"),
        ("UPDATE holds SET captured_credits = 5 WHERE request_id = 't-1'", "not those of transaction 5"),
        ("DELETE FROM holds WHERE request_id = 't-2'", "which does not exist"),
        ("UPDATE chain_head SET transaction_id = 6", "chain head: names transaction 6; the journal ends with 7"),
        ("DELETE FROM transactions WHERE id = 2", "transaction 2: missing"),
        ("DELETE FROM transactions WHERE id = 2", "transaction 2: has postings, but does not exist"),
        ("DELETE FROM postings WHERE transaction_id = 2 AND credits > 0", "transaction 2: has 1 postings"),
    ],
)
async def test_what_was_changed_is_named(billing: Billing, database_url: str, statement: str, found: str) -> None:
    await live(billing)
    tamper(database_url, statement)
    lines = findings(database_url)
    assert any(found in line for line in lines), lines


async def test_transactions_that_changed_places_are_named(billing: Billing, database_url: str) -> None:
    await live(billing)
    rename = text("UPDATE transactions SET id = :place WHERE id = :former")
    move = text("UPDATE postings SET transaction_id = :place WHERE transaction_id = :former")
    for former, place in ((3, 99), (4, 3), (99, 4)):
        numbers = {"former": former, "place": place}
        tamper(database_url, rename.bindparams(**numbers), move.bindparams(**numbers))
    found = findings(database_url)
    for number in (3, 4):
        assert f"transaction {number}: its content does not have its hash" in found
    assert "transaction 3: does not follow transaction 2: the hashes differ" in found


async def test_an_end_that_was_cut_off_is_known_from_a_published_head(billing: Billing, database_url: str) -> None:
    await billing.recharge(100)
    with open_audit(database_url) as audit:
        kept = audit.head()
    await billing.recharge(11, request_id="second")
    with open_audit(database_url) as audit:
        published = audit.head()
    tamper(
        database_url,
        "DELETE FROM postings WHERE transaction_id = 2",
        "DELETE FROM transactions WHERE id = 2",
        "UPDATE accounts SET available = 100",
        text("UPDATE chain_head SET transaction_id = 1, hash = :kept").bindparams(kept=kept.hash),
    )
    assert findings(database_url) == []
    assert findings(database_url, published) == ["transaction 2: was published, but is missing"]
    await billing.recharge(12, request_id="third")
    assert findings(database_url, published) == ["transaction 2: is not the one that was published: the hashes differ"]


async def test_a_statement_holds_everything_that_touched_the_user(billing: Billing, database_url: str) -> None:
    await live(billing)
    with open_audit(database_url) as audit:
        lines = list(audit.statement(USER))
        assert list(audit.statement(99)) == []
    assert [line.transaction.id for line in lines] == [1, 3, 4, 5, 6, 7]
    assert [line.spendable and line.spendable.balance_after for line in lines] == [100, 90, 80, 86, 81, 86]
    assert [line.held and line.held.balance_after for line in lines] == [None, 10, 20, 10, 15, 10]
