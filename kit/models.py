"""Finds, assembles and verifies model files named in `models/manifest.toml`.

A file is looked for in this order: the operator's model directory, beside the manifest (small vendored
files), the model cache, where large files are joined once from the parts that installed data packages carry.
Whatever the place, a file is handed out only if its SHA-256 equals the manifest's.
"""

import hashlib
import os
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

DEFAULT_MODELS_DIR = Path(__file__).resolve().parents[1] / "models"
"""The manifest's directory: next to the `kit` package in a checkout and in an installed wheel alike."""

_BLOCK_BYTES = 1 << 20


class ModelError(Exception):
    """Base of the errors of this module."""


class UnknownModelFile(ModelError):
    """The manifest does not name this file."""


class ModelFileMissing(ModelError):
    """Neither the file nor all of its parts are installed."""


class ModelFileCorrupt(ModelError):
    """The file's digest is not the manifest's."""


@dataclass(frozen=True, slots=True)
class ModelPart:
    """One piece of a large file, as an installed distribution carries it."""

    distribution: str
    version: str
    path: str


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One entry of the manifest. `name` is a relative POSIX path; `parts` is empty for vendored files."""

    name: str
    sha256: str
    size_bytes: int
    licence: str
    parts: tuple[ModelPart, ...]


def load_manifest(path: Path) -> dict[str, ModelFile]:
    """Reads `manifest.toml`. Raises ModelFileMissing if there is none, KeyError if an entry lacks a field."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelFileMissing("model manifest is not installed") from None
    files = (
        ModelFile(
            name=entry["name"],
            sha256=entry["sha256"],
            size_bytes=entry["size_bytes"],
            licence=entry["licence"],
            parts=tuple(ModelPart(**part) for part in entry.get("parts", ())),
        )
        for entry in document["file"]
    )
    return {file.name: file for file in files}


class ModelStore:
    """The model files of one installation. Safe to use from several processes on one cache directory.

    models_dir holds the manifest and the vendored files, cache_dir receives assembled files, model_dir is the
    operator's own directory with the same file names, or None.
    """

    def __init__(self, models_dir: Path, cache_dir: Path, *, model_dir: Path | None = None) -> None:
        self._models_dir = models_dir
        self._cache_dir = cache_dir
        self._model_dir = model_dir
        self._manifest = load_manifest(models_dir / "manifest.toml")
        self._verified: set[Path] = set()

    def names(self) -> tuple[str, ...]:
        return tuple(self._manifest)

    def sha256(self, name: str) -> str:
        """The digest `name` must have. Raises UnknownModelFile."""
        return self._entry(name).sha256

    def ensure(self, name: str) -> Path:
        """The path of a verified file, assembled first if need be. Reads the whole file the first time.

        Raises UnknownModelFile, ModelFileMissing or ModelFileCorrupt.
        """
        file = self._entry(name)
        path = self._installed_path(file)
        if path is None:
            path = self._cache_dir / file.name
            if not _has_digest(path, file.sha256):
                _assemble(file, path)
        elif path not in self._verified and not _has_digest(path, file.sha256):
            raise ModelFileCorrupt(file.name)
        self._verified.add(path)
        return path

    def problem(self, name: str) -> str | None:
        """Why `ensure(name)` could not succeed, or None. Cheap: checks presence and size, not the digest."""
        file = self._entry(name)
        path = self._installed_path(file) or self._cache_dir / file.name
        if path.is_file():
            return None if path.stat().st_size == file.size_bytes else f"{file.name} has the wrong size"
        try:
            for part in file.parts:
                _locate(part)
        except ModelFileMissing as error:
            return str(error)
        return None if file.parts else f"{file.name} is not installed"

    def _entry(self, name: str) -> ModelFile:
        try:
            return self._manifest[name]
        except KeyError:
            raise UnknownModelFile(name) from None

    def _installed_path(self, file: ModelFile) -> Path | None:
        """Where a ready file lies; None if it has to be (or was) assembled in the cache."""
        if self._model_dir is not None and (own := self._model_dir / file.name).is_file():
            return own
        return None if file.parts else self._models_dir / file.name


def _has_digest(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False


def _assemble(file: ModelFile, target: Path) -> None:
    """Joins the parts into `target`. Two processes may do it at once: each renames its own finished copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    handle, draft_name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    draft = Path(draft_name)
    try:
        with os.fdopen(handle, "wb") as stream:
            for block in _blocks(file):
                digest.update(block)
                stream.write(block)
            stream.flush()
            os.fsync(stream.fileno())
        if digest.hexdigest() != file.sha256:
            raise ModelFileCorrupt(file.name)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _blocks(file: ModelFile) -> Iterator[bytes]:
    if not file.parts:
        raise ModelFileMissing(f"{file.name} is not installed")
    for path in [_locate(part) for part in file.parts]:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                yield block


def _locate(part: ModelPart) -> Path:
    try:
        path = Path(str(distribution(part.distribution).locate_file(part.path)))
    except PackageNotFoundError:
        raise ModelFileMissing(f"package {part.distribution}=={part.version} is not installed") from None
    if not path.is_file():
        raise ModelFileMissing(f"package {part.distribution} lacks its data file")
    return path
