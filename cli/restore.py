"""`voxreel restore`: makes an installation of a backup."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click

from cli.backups.archive import BadArchiveError, unpack
from cli.options import data_dir_option
from cli.stack.names import SERVICES
from services.billing.domain.journal import ChainHead
from services.billing.store.audit import open_audit
from services.billing.usecases.verification import Verification


@click.command("restore")
@click.argument("archive", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_dir_option
def command(archive: Path, data_dir: Path) -> None:
    """Make an installation of a backup, in a folder that is empty or not there yet.

    Everything is checked before the folder gets its name: the digest of each file, the databases, the whole ledger.
    What the broker held is not needed: the services send again what may not have been received.
    """
    data_dir = data_dir.absolute()
    if data_dir.exists() and any(data_dir.iterdir()):
        raise click.ClickException(f"{data_dir} is not empty")
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=data_dir.parent, prefix=f".{data_dir.name}."))
    try:
        facts = unpack(archive, draft)
        problems = list(_problems(draft, str(facts.get("ledger_head", ""))))
        if problems:
            raise click.ClickException("\n".join(problems))
        if data_dir.exists():
            data_dir.rmdir()
        draft.rename(data_dir)
    except BadArchiveError as error:
        raise click.ClickException(f"{archive}: {error}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    click.echo(f"{data_dir} is as it was at {facts.get('time')}; the ledger is right, head {facts.get('ledger_head')}")


def _problems(folder: Path, ledger_head: str) -> Iterator[str]:
    for service in SERVICES:
        path = folder / f"{service}.db"
        if not path.is_file():
            yield f"the database of {service} is missing"
            continue
        with closing(sqlite3.connect(path)) as connection:
            (result,) = connection.execute("PRAGMA integrity_check").fetchone()
        if result != "ok":
            yield f"the database of {service} is damaged"
    billing = folder / "billing.db"
    if billing.is_file():
        yield from _problems_of_ledger(billing, ledger_head)


def _problems_of_ledger(database: Path, ledger_head: str) -> Iterator[str]:
    number, _, chain_hash = ledger_head.partition(":")
    expected = ChainHead(int(number), chain_hash) if number.isdigit() else None
    with open_audit(f"sqlite:///{database}") as audit:
        for finding in Verification(audit, expected).findings():
            yield f"ledger, {finding.where}: {finding.problem}"
