"""`voxreel backup`: copies an embedded installation, also while it runs."""

from __future__ import annotations

import os
import tarfile
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from cli.backups.archive import ArchiveWriter
from cli.backups.installation import Installation, NotEmbeddedError, find_installation
from cli.backups.moment import BusyError, Moment, moment_of
from cli.options import data_dir_option
from kit.config import ConfigError

_CHAIN_HEAD = "SELECT transaction_id, hash FROM chain_head"


@click.command("backup")
@data_dir_option
@click.option(
    "--to",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The archive to write. It holds secrets and everybody's files: keep it as safe as the installation.",
)
def command(data_dir: Path, target: Path) -> None:
    """Copy the databases, the files and the keys of an embedded installation, as they are at one moment."""
    if target.exists():
        raise click.ClickException(f"{target} is there already")
    try:
        installation = find_installation(data_dir.absolute())
        with moment_of(installation) as moment:
            head = _write(installation, moment, target)
            lost = moment.lost_blobs
            files = len(moment.blob_keys)
    except (ConfigError, NotEmbeddedError, BusyError) as error:
        raise click.ClickException(str(error)) from None
    except (OSError, SQLAlchemyError) as error:
        raise click.ClickException(f"the backup cannot be written: {error.__class__.__name__}") from None
    click.echo(f"{target}: {len(installation.databases)} databases, {files} files; ledger head {head}")
    for key in lost:
        click.echo(f"warning: {key} is named by a record, but was gone already", err=True)


def _write(installation: Installation, moment: Moment, target: Path) -> str:
    """Writes the archive under another name first, so that what has its name is whole. Answers the ledger's head."""
    transaction_id, chain_hash = moment.readers["billing"].execute(_CHAIN_HEAD).fetchone()
    head = f"{transaction_id}:{chain_hash}"
    handle, draft_name = tempfile.mkstemp(dir=target.absolute().parent, prefix=f".{target.name}.")
    draft = Path(draft_name)
    try:
        with os.fdopen(handle, "wb") as file:
            with closing(tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)) as tar:
                archive = ArchiveWriter(tar)
                _add_all(archive, installation, moment)
                archive.finish({"time": datetime.now(UTC).isoformat(timespec="seconds"), "ledger_head": head})
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return head


def _add_all(archive: ArchiveWriter, installation: Installation, moment: Moment) -> None:
    with tempfile.TemporaryDirectory(dir=moment.blobs.parent, prefix=".backup-databases-") as folder:
        for service in installation.databases:
            copy = Path(folder) / f"{service}.db"
            moment.copy_database(service, copy)
            archive.add(copy.name, copy)
            copy.unlink()
    for key in installation.secrets():
        archive.add(key.as_posix(), installation.data_dir.root / key)
    for blob_key in moment.blob_keys:
        archive.add(f"blobs/{blob_key}", moment.blobs / blob_key)
