"""`voxreel ledger`: proves that the ledger is right, and prints what happened to one account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from cli.options import data_dir_option
from cli.stack.catalog import effective_config
from kit.config import ConfigError
from services.billing.config import BillingConfig
from services.billing.domain.journal import ChainHead
from services.billing.store.audit import LedgerAudit, StatementLine, open_audit
from services.billing.usecases.verification import Verification

_HEAD = re.compile(r"([0-9]+):([0-9a-f]{64})")
_HEADING = f"{'time':26}  {'id':>8}  {'kind':11}  {'credits':>10}  {'available':>10}  {'held':>10}  description"

_url_option = click.option(
    "--url",
    help="Billing's database; that of billing's settings and the data directory when not given.",
)


@click.group("ledger")
def command() -> None:
    """Check the ledger, or print one account. Reads only, also while billing runs."""


@command.command("verify")
@data_dir_option
@_url_option
@click.option("--head", "published", metavar="ID:HASH", help="A chain head kept elsewhere that must still be there.")
def verify(data_dir: Path, url: str | None, published: str | None) -> None:
    """Walk the whole journal; exit status 1 when anything is wrong."""
    expected = _head(published)
    with _ledger(data_dir, url) as audit:
        verification = Verification(audit, expected)
        number = 0
        for finding in verification.findings():
            number += 1
            click.echo(f"{finding.where}: {finding.problem}")
        if number:
            raise click.ClickException(f"the ledger is wrong in {number} places")
        head = verification.head
        click.echo(f"{verification.transactions} transactions are right; head {head.transaction_id}:{head.hash}")


@command.command("statement")
@data_dir_option
@_url_option
@click.option("--user", "user_id", type=click.IntRange(min=1), required=True, help="The user's id.")
def statement(data_dir: Path, url: str | None, user_id: int) -> None:
    """Print everything that happened to one user's credits, oldest first. Times are UTC."""
    with _ledger(data_dir, url) as audit:
        click.echo(
            f"{'time':26}  {'id':>8}  {'kind':11}  {'credits':>10}  {'available':>10}  {'held':>10}  description"
        )
        available = held = 0
        for line in audit.statement(user_id):
            available += line.spendable.credits if line.spendable else 0
            held += line.held.credits if line.held else 0
            click.echo(_printed(line, available=available, held=held))
        click.echo(f"user {user_id}: {available} available, {held} held")


def _printed(line: StatementLine, *, available: int, held: int) -> str:
    draft = line.transaction.draft
    columns = (
        draft.create_time.isoformat(timespec="microseconds").removesuffix("+00:00"),
        f"{line.transaction.id:8}",
        f"{draft.kind.value:11}",
        f"{line.spendable.credits if line.spendable else 0:+10}",
        f"{available:10}",
        f"{held:10}",
        # Whoever wrote it must not move the cursor of whoever reads it.
        "".join(character if character.isprintable() else "?" for character in draft.description),
    )
    return "  ".join(columns).rstrip()


def _head(text: str | None) -> ChainHead | None:
    if text is None:
        return None
    found = _HEAD.fullmatch(text)
    if found is None:
        raise click.BadParameter("must be ID:HASH, as `verify` prints it", param_hint="--head")
    return ChainHead(int(found[1]), found[2])


@contextmanager
def _ledger(data_dir: Path, url: str | None) -> Iterator[LedgerAudit]:
    """The ledger; what keeps it from being read is said without the URL, which may hold a password."""
    try:
        config = effective_config(BillingConfig, data_dir.absolute())
        with open_audit(url or config.db.url.get_secret_value()) as audit:
            yield audit
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
    except SQLAlchemyError as error:
        raise click.ClickException(f"the ledger cannot be read: {type(error).__name__}") from None
