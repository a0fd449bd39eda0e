"""The archive of a backup: a tar file whose last member lists every other with its SHA-256.

Without that last member an archive is not whole. Names are relative POSIX paths; nothing but plain files is in it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

FORMAT_VERSION = 1
_CONTENTS = "contents.json"
_BLOCK_BYTES = 1 << 20


class BadArchiveError(Exception):
    """The archive cannot be restored. The text is for the operator."""


class ArchiveWriter:
    """Adds files to a tar file that is open for it; `finish` makes the archive whole."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._digests: dict[str, str] = {}

    def add(self, name: str, path: Path) -> None:
        """A file under a name."""
        member = tarfile.TarInfo(name)
        member.mode = 0o600
        with path.open("rb") as source:
            member.size = os.fstat(source.fileno()).st_size
            reader = _Digesting(source)
            self._tar.addfile(member, reader)
        self._digests[name] = reader.digest.hexdigest()

    def finish(self, facts: Mapping[str, object]) -> None:
        """Writes the list of contents, and what an operator may want to know of the moment."""
        contents = {"format": FORMAT_VERSION, **facts, "sha256": self._digests}
        text = json.dumps(contents, indent=2, ensure_ascii=False).encode()
        member = tarfile.TarInfo(_CONTENTS)
        member.mode, member.size = 0o600, len(text)
        self._tar.addfile(member, io.BytesIO(text))


class _Digesting(io.RawIOBase):
    """A file that is read once, and the digest of what was read."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self._source.read(size)
        self.digest.update(block)
        return block


def unpack(archive: Path, folder: Path) -> Mapping[str, object]:
    """Unpacks into an empty folder and answers the facts of the archive. Raises BadArchiveError, after which what is in
    the folder is of no use."""
    digests: dict[str, str] = {}
    contents: dict[str, object] | None = None
    try:
        with tarfile.open(archive, "r:") as tar:
            for member in tar:
                if contents is not None:
                    raise BadArchiveError("there is something after the list of contents")
                source = tar.extractfile(member) if member.isreg() else None
                if source is None:
                    raise BadArchiveError(f"{member.name!r} is no plain file")
                if member.name == _CONTENTS:
                    contents = json.load(source)
                else:
                    digests[member.name] = _write(source, folder / _checked(member.name))
    except (tarfile.TarError, json.JSONDecodeError, UnicodeDecodeError, EOFError) as error:
        raise BadArchiveError(f"it cannot be read: {type(error).__name__}") from error
    if contents is None:
        raise BadArchiveError("it was cut off: the list of contents is missing")
    _check(contents, digests)
    return contents


def _check(contents: Mapping[str, object], digests: Mapping[str, str]) -> None:
    if contents.get("format") != FORMAT_VERSION:
        raise BadArchiveError(f"format {contents.get('format')} is not known here")
    wanted = contents.get("sha256")
    if wanted == digests:
        return
    listed = wanted if isinstance(wanted, dict) else {}
    different = sorted(name for name in {*listed, *digests} if listed.get(name) != digests.get(name))
    raise BadArchiveError(f"{different[0]} is not what was packed" if different else "its list of contents is broken")


def _checked(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise BadArchiveError(f"{name!r} lies outside of the archive")
    return path


def _write(source: IO[bytes], target: Path) -> str:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
        while block := source.read(_BLOCK_BYTES):
            digest.update(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest()
