"""Voices that were learnt, as the engine that speaks with them knows them: style packs in a folder, by digest."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from services.speech.engines.base import Language

PACK_BYTES = 510 * 256 * 4
"""510 style vectors of 256 float32, one for each length of utterance."""

_FOLDER = "styles"
_NAME = re.compile(r"style:(?P<language>zh|en):(?P<pitch>[01]\.[0-9]{3}):(?P<sha256>[0-9a-f]{64})")


class StyleMissing(Exception):
    """The pack is not in the folder, or not the bytes its name stands for. The argument is the digest."""


@dataclass(frozen=True, slots=True)
class StyleVoice:
    """A learnt voice. `language` is the one of its manner of speaking; its pitch is to be moved by a factor."""

    sha256: str
    language: Language
    pitch: float = 1.0

    @property
    def name(self) -> str:
        """As a request of synthesis calls it."""
        return f"style:{self.language}:{self.pitch:.3f}:{self.sha256}"


def style_of(voice: str) -> StyleVoice | None:
    """The learnt voice that a request of synthesis means; None when it means a preset voice."""
    found = _NAME.fullmatch(voice)
    if found is None:
        return None
    return StyleVoice(found["sha256"], Language(found["language"]), float(found["pitch"]))


class StyleFolder:
    """The packs on this machine. Several processes may use one folder: a file is there whole or not at all."""

    def __init__(self, cache_dir: Path) -> None:
        self._folder = cache_dir / _FOLDER

    def has(self, sha256: str) -> bool:
        """Whether the pack is there. Looks at its size only: `read` looks at every byte."""
        try:
            return self._path(sha256).stat().st_size == PACK_BYTES
        except FileNotFoundError:
            return False

    def read(self, sha256: str) -> bytes:
        """The pack. One that is damaged is removed, to be fetched again. Raises StyleMissing."""
        path = self._path(sha256)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise StyleMissing(sha256) from None
        if not _is_pack(data, sha256):
            path.unlink(missing_ok=True)
            raise StyleMissing(sha256)
        return data

    def keep(self, data: bytes, sha256: str) -> None:
        """Adds a pack. Raises StyleMissing when the bytes are not those of the digest."""
        if not _is_pack(data, sha256):
            raise StyleMissing(sha256)
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, draft_name = tempfile.mkstemp(dir=self._folder, prefix=".draft-")
        draft = Path(draft_name)
        try:
            with os.fdopen(handle, "wb") as output:
                output.write(data)
            draft.replace(self._path(sha256))
        finally:
            draft.unlink(missing_ok=True)

    def _path(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.bin"


def _is_pack(data: bytes, sha256: str) -> bool:
    return len(data) == PACK_BYTES and hashlib.sha256(data).hexdigest() == sha256
