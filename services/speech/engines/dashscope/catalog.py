"""The voices of DashScope, read from the one data file that defines them, and those that were enrolled."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from services.speech.engines.base import Gender, Language, Voice
from services.speech.engines.errors import UnknownVoice

_ENROLLED = re.compile(r"(?P<model>cosyvoice-v[0-9.]+(?:-flash|-plus)?)-[A-Za-z0-9_]+-[A-Za-z0-9_-]+\Z")
_ENROLLED_RATE = 24_000
_MAX_ID = 128


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks: a model, and its voice, which is empty where the model is the voice. `sample_rate` in Hz."""

    model: str
    voice: str
    sample_rate: int

    @property
    def is_sambert(self) -> bool:
        return not self.voice


def voices() -> tuple[Voice, ...]:
    """The preset voices."""
    return tuple(voice for voice, _ in _catalog().values())


def speaker_of(voice_id: str) -> Speaker:
    """Who speaks as a preset voice, or as an enrolled one under the id it was given. Raises UnknownVoice."""
    if voice_id in _catalog():
        return _catalog()[voice_id][1]
    enrolled = _ENROLLED.match(voice_id) if len(voice_id) <= _MAX_ID else None
    if enrolled is None:
        raise UnknownVoice(voice_id)
    return Speaker(enrolled["model"], voice_id, _ENROLLED_RATE)


def is_enrolled(voice_id: str) -> bool:
    """Whether a voice has the id of one that was enrolled."""
    return len(voice_id) <= _MAX_ID and _ENROLLED.match(voice_id) is not None


@cache
def _catalog() -> dict[str, tuple[Voice, Speaker]]:
    document = tomllib.loads(files(__package__).joinpath("voices.toml").read_text(encoding="utf-8"))
    return {
        entry["id"]: (
            Voice(entry["id"], entry["display_name"], Gender(entry["gender"]), Language(entry["language"])),
            Speaker(entry["model"], entry.get("speaker", ""), entry["sample_rate"]),
        )
        for entry in document["voice"]
    }
