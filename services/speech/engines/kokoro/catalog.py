"""The voices of the Kokoro engine, read from the one data file that defines them."""

import tomllib
from functools import cache
from importlib.resources import files

from services.speech.engines.base import Gender, Language, Voice
from services.speech.engines.errors import UnknownVoice


def voices() -> tuple[Voice, ...]:
    return tuple(_catalog())


def find_voice(voice_id: str) -> Voice:
    """Raises UnknownVoice."""
    for voice in _catalog():
        if voice.voice_id == voice_id:
            return voice
    raise UnknownVoice(voice_id)


def pack_of(voice: Voice) -> str:
    """The name of the Kokoro voice pack that speaks as `voice`."""
    return _catalog()[voice]


@cache
def _catalog() -> dict[Voice, str]:
    document = tomllib.loads(files(__package__).joinpath("voices.toml").read_text(encoding="utf-8"))
    return {
        Voice(
            voice_id=entry["id"],
            display_name=entry["display_name"],
            gender=Gender(entry["gender"]),
            language=Language(entry["language"]),
            pitch_hz=entry["pitch_hz"],
        ): entry["pack"]
        for entry in document["voice"]
    }
