"""The voices of the Kokoro engine, read from the one data file that defines them."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from services.speech.engines.base import Gender, Language, Voice
from services.speech.engines.errors import UnknownVoice


@dataclass(frozen=True, slots=True)
class PresetStyle:
    """What makes Kokoro speak as a voice: the name of a voice pack, and how many times longer than it is an utterance
    is taken to be when its style is looked up in the pack."""

    pack: str
    reach: float


def voices() -> tuple[Voice, ...]:
    return tuple(_catalog())


def find_voice(voice_id: str) -> Voice:
    """Raises UnknownVoice."""
    for voice in _catalog():
        if voice.voice_id == voice_id:
            return voice
    raise UnknownVoice(voice_id)


def preset_style(voice: Voice) -> PresetStyle:
    """How the model is made to speak as `voice`."""
    return _catalog()[voice]


@cache
def _catalog() -> dict[Voice, PresetStyle]:
    document = tomllib.loads(files(__package__).joinpath("voices.toml").read_text(encoding="utf-8"))
    return {
        Voice(
            voice_id=entry["id"],
            display_name=entry["display_name"],
            gender=Gender(entry["gender"]),
            language=Language(entry["language"]),
            pitch_hz=entry["pitch_hz"],
        ): PresetStyle(entry["pack"], entry.get("reach", 1.0))
        for entry in document["voice"]
    }
