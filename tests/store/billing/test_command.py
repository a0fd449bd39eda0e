"""`voxreel ledger` on a real ledger, on both engines."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from kit.db.migrate import upgrade
from services.billing.store.audit import open_audit
from tests.store.billing.conftest import USER, Billing, reservation
from tests.store.billing.test_verification import tamper
from tests.store.migrated import SERVICES


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["ledger", *arguments])
    return result.exit_code, result.output


async def test_a_right_ledger_is_called_right_and_its_head_is_known_again(billing: Billing, database_url: str) -> None:
    await billing.recharge(100)
    await billing.holds.reserve(reservation("t-1"))
    status, output = run("verify", "--url", database_url)
    with open_audit(database_url) as audit:
        head = f"2:{audit.head().hash}"
    assert (status, output) == (0, f"2 transactions are right; head {head}\n")
    await billing.recharge(5, request_id="second")
    assert run("verify", "--url", database_url, "--head", head)[0] == 0
    status, output = run("verify", "--url", database_url, "--head", f"2:{'0' * 64}")
    assert status == 1
    assert "transaction 2: is not the one that was published" in output


async def test_a_tampered_ledger_is_called_wrong(billing: Billing, database_url: str) -> None:
    await billing.recharge(100)
    tamper(database_url, "UPDATE accounts SET available = 101")
    status, output = run("verify", "--url", database_url)
    assert status == 1
    assert output == (
        "account of user 7: 101 available, but 100 in the journal\nError: the ledger is wrong in 1 places\n"
    )


async def test_a_statement_shows_what_changed_and_what_was_left(billing: Billing, database_url: str) -> None:
    await billing.recharge(100)
    hold = await billing.holds.reserve(reservation("t-1"))
    await billing.holds.capture(hold.id, 4)
    status, output = run("statement", "--url", database_url, "--user", str(USER))
    _, *lines, last = output.splitlines()
    assert status == 0
    assert [line.split()[1:6] for line in lines] == [
        ["1", "recharge", "+100", "100", "0"],
        ["2", "reserve", "-10", "90", "10"],
        ["3", "capture", "+6", "96", "0"],
    ]
    assert "TTS语音合成消耗积分" in lines[1]
    assert last == "user 7: 96 available, 0 held"


def test_the_database_in_the_data_directory_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VOXREEL_BILLING_DB__URL", raising=False)
    upgrade(f"sqlite:///{tmp_path / 'billing.db'}", SERVICES / "billing" / "migrations")
    status, output = run("verify", "--data-dir", str(tmp_path))
    assert (status, output) == (0, f"0 transactions are right; head 0:{'0' * 64}\n")


def test_a_ledger_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    status, output = run("verify", "--data-dir", str(tmp_path))
    assert (status, output) == (1, "Error: the ledger cannot be read: OperationalError\n")
    assert list(tmp_path.iterdir()) == []
    sqlite3.connect(tmp_path / "billing.db").close()
    assert run("statement", "--data-dir", str(tmp_path), "--user", "7")[0] == 1
    assert run("verify", "--data-dir", str(tmp_path), "--head", "nonsense")[0] in (1, 2)
