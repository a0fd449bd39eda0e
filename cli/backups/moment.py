"""One moment of an installation that keeps running.

For some milliseconds nobody can write to any of the databases. Then a reader stands on each of them, and a link on
every blob that the records name. The readers see that moment for as long as they stay, whatever is written meanwhile.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cli.backups.installation import Installation

_LOCK_TIMEOUT_S = 10.0
_BLOB_KEYS = "SELECT DISTINCT blob_key FROM files ORDER BY blob_key"
# A write that is under way lies beside its blob as `name#number`.
_DRAFT_MARK = "#"


class BusyError(Exception):
    """Some database stayed locked. The text is for the operator."""


@dataclass(frozen=True, slots=True)
class Moment:
    """`readers` by service. `blobs` is a folder with every blob of `blob_keys` under its key; `lost_blobs` are named by
    records, but were gone already."""

    readers: Mapping[str, sqlite3.Connection]
    blobs: Path
    blob_keys: Sequence[str]
    lost_blobs: Sequence[str]

    def copy_database(self, service: str, target: Path) -> None:
        """Writes the database as it was."""
        with closing(sqlite3.connect(target)) as copy:
            self.readers[service].backup(copy)


@contextmanager
def moment_of(installation: Installation) -> Iterator[Moment]:
    """Holds a moment until left. Raises BusyError."""
    installation.blobs.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        # On the file system of the blobs, where a link costs no bytes.
        links = Path(tempfile.mkdtemp(dir=installation.blobs.parent, prefix=".backup-"))
        stack.callback(shutil.rmtree, links, ignore_errors=True)
        # Most blobs are linked before anybody has to wait.
        for path in _blobs_under(installation.blobs):
            _link(path, links / path.relative_to(installation.blobs))
        with _nobody_writes(installation.databases.values()):
            readers = {name: stack.enter_context(_reader(path)) for name, path in installation.databases.items()}
            keys = [key for (key,) in readers["files"].execute(_BLOB_KEYS)]
            for key in keys:
                _link(installation.blobs / key, links / key)
        kept = [key for key in keys if (links / key).exists()]
        yield Moment(readers, links, kept, sorted(set(keys).difference(kept)))


@contextmanager
def _nobody_writes(databases: Iterable[Path]) -> Iterator[None]:
    with ExitStack() as stack:
        for path in databases:
            connection = sqlite3.connect(path, timeout=_LOCK_TIMEOUT_S, isolation_level=None)
            # Closing it gives the lock back.
            stack.enter_context(closing(connection))
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                raise BusyError(f"{path.name} stayed locked for {_LOCK_TIMEOUT_S:g} s") from error
        yield


@contextmanager
def _reader(path: Path) -> Iterator[sqlite3.Connection]:
    """A read transaction that has begun."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        # Only a statement that reads makes it stand on what is there now.
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        yield connection


def _blobs_under(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        yield from (Path(root) / name for name in names if _DRAFT_MARK not in name)


def _link(source: Path, target: Path) -> None:
    """Nothing is done for a blob that is linked already, or gone."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        target.hardlink_to(source)
