"""Reads an operator's folder: what kind of model is in it, which files it has, what its `engine.toml` says."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from services.speech.engines.sherpa.layouts import LAYOUTS, Kind, Part

OVERRIDES = "engine.toml"
_NO_VOICES: Mapping[str, int] = MappingProxyType({})


class FolderUnusable(Exception):
    """The folder cannot be used; `problems` say why, for the operator."""

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class OperatorModel:
    """A model of an operator. `files` are paths by role, as the library takes them. `language` is the only one it
    hears, empty to have it told. `speakers` are numbers of the model's speakers by voice, `speaker` is everybody
    else's."""

    kind: Kind
    name: str
    files: dict[str, str]
    paths: tuple[Path, ...]
    language: str
    speaker: int
    speakers: dict[str, int]

    def digests(self) -> dict[str, str]:
        """SHA-256 of each of its files, by name, the largest file first; what is a folder has none.

        Reads files that are new. Raises FolderUnusable.
        """
        try:
            found = [(path, path.stat()) for path in self.paths if path.is_file()]
            found.sort(key=lambda each: -each[1].st_size)
            return {path.name: _sha256(path, facts.st_size, facts.st_mtime_ns) for path, facts in found}
        except OSError as error:
            raise FolderUnusable(f"{self.name} cannot be read: {error.strerror}") from error


class _Overrides(BaseModel):
    """What `engine.toml` may say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind | None = None
    name: str = Field(default="", max_length=64)
    language: str = Field(default="", max_length=16)
    speaker: NonNegativeInt = 0
    files: dict[str, str] = {}
    voices: dict[str, NonNegativeInt] = {}


def read_folder(folder: Path, kinds: tuple[Kind, ...], tell: Callable[[Path], Kind | None]) -> OperatorModel:
    """The model in a folder, of one of `kinds`; `tell` finds out which where `engine.toml` does not say.

    Loads no model. Raises FolderUnusable.
    """
    try:
        if not folder.is_dir():
            raise FolderUnusable(f"{folder.name} is not a folder")
        overrides = _read_overrides(folder)
        kind = overrides.kind or tell(folder)
        if kind not in kinds:
            expected = ", ".join(kinds)
            raise FolderUnusable(f"{folder.name} holds no model of these kinds: {expected}; {OVERRIDES} may name one")
        paths = _find_parts(folder, kind, overrides.files)
    except OSError as error:
        raise FolderUnusable(f"{folder.name} cannot be read: {error.strerror}") from error
    return OperatorModel(
        kind=kind,
        name=overrides.name or folder.name,
        files={role: ",".join(map(str, found)) for role, found in paths.items()},
        paths=tuple(path for found in paths.values() for path in found),
        language=overrides.language,
        speaker=overrides.speaker,
        speakers=overrides.voices,
    )


def _read_overrides(folder: Path) -> _Overrides:
    file = folder / OVERRIDES
    if not file.is_file():
        return _Overrides()
    try:
        return _Overrides.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FolderUnusable(f"{OVERRIDES}: {error}") from error
    except ValidationError as error:
        lines = (f"{OVERRIDES}: {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise FolderUnusable(*lines) from error


def _find_parts(folder: Path, kind: Kind, given: Mapping[str, str]) -> dict[str, tuple[Path, ...]]:
    parts = {part.role: part for part in LAYOUTS[kind]}
    problems = [f"{OVERRIDES}: a {kind} model has no {role}" for role in given if role not in parts]
    found: dict[str, tuple[Path, ...]] = {}
    for role, part in parts.items():
        paths = _given(folder, given[role]) if role in given else part.find(folder)
        lacking = [path.name for path in paths if not path.exists()]
        if lacking or (part.is_required and not paths):
            problems.append(f"{folder.name} lacks {_wanted(part, lacking)} ({role} of a {kind} model)")
        elif paths:
            found[role] = paths
    if problems:
        raise FolderUnusable(*problems)
    return found


def _given(folder: Path, names: str) -> tuple[Path, ...]:
    return tuple(folder / name for name in names.split(","))


def _wanted(part: Part, lacking: list[str]) -> str:
    return ", ".join(lacking) or " or ".join(part.patterns)


@lru_cache(maxsize=64)
def _sha256(path: Path, _size_bytes: int, _mtime_ns: int) -> str:
    """Kept as long as the file looks the same: it is asked for every half minute."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
