"""Voices that users upload, and how an engine without cloning comes near them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kit.errors import Invalid, NotFound, Precondition
from services.speech.domain.speakers import Prosody, Speaker
from services.speech.engines.base import Quality, Voice
from voxreel.common.v1 import error_reason_pb2 as reasons

MAX_SAMPLE_BYTES = 10 * 1024 * 1024
MAX_VOICES = 200
MAX_NAME_CHARACTERS = 100
MAX_DESCRIPTION_CHARACTERS = 500

# Farther from a preset a shift of pitch no longer sounds like a person.
_MAX_SHIFT = 1.3


@dataclass(frozen=True, slots=True)
class NewCustomVoice:
    """A sample that was heard. `pitch_hz` is its median pitch, None when nobody speaks in it."""

    user_id: int
    name: str
    description: str
    file_id: str
    sha256: str
    size_bytes: int
    duration_ms: int
    pitch_hz: int | None
    create_time: datetime


@dataclass(frozen=True, slots=True)
class CustomVoice(NewCustomVoice):
    """A stored one. `engine_voice` and `pack_file_id` are what a cloning engine made of it, None until then."""

    id: int
    engine_voice: str | None = None
    pack_file_id: str | None = None


def nearest_speaker(voice: CustomVoice, presets: Sequence[Voice]) -> Speaker:
    """The preset voice whose pitch is nearest to the sample's, moved as near as it may be.

    Without a pitch of the sample or of the presets it is the first preset as it is. `presets` has at least one.
    """
    pitch_hz = voice.pitch_hz
    measured = [(preset.pitch_hz, preset.voice_id) for preset in presets if preset.pitch_hz is not None]
    if pitch_hz is None or not measured:
        return _approximate(presets[0].voice_id, voice)
    nearest_hz, nearest = min(measured, key=lambda known: abs(math.log(pitch_hz / known[0])))
    shift = min(max(pitch_hz / nearest_hz, 1 / _MAX_SHIFT), _MAX_SHIFT)
    return _approximate(nearest, voice, Prosody(pitch=round(shift, 3)))


def learnt_speaker(voice: CustomVoice, engine_voice: str, quality: Quality) -> Speaker:
    """The voice as an engine that clones has learnt it, and how well that engine does."""
    return Speaker(engine_voice, Prosody(), quality, voice.file_id, voice.pack_file_id)


def checked_names(name: str, description: str) -> tuple[str, str]:
    """Both without white space around them. Raises Invalid."""
    name, description = name.strip(), description.strip()
    if not 0 < len(name) <= MAX_NAME_CHARACTERS:
        raise _field_invalid(f"name（音色名称）的长度必须在 1 到 {MAX_NAME_CHARACTERS} 之间")
    if len(description) > MAX_DESCRIPTION_CHARACTERS:
        raise _field_invalid(f"description（音色描述）不能超过 {MAX_DESCRIPTION_CHARACTERS} 个字符")
    if "\x00" in name + description:
        raise _field_invalid("名称和描述含有不允许的字符")
    return name, description


def custom_voice_not_found() -> NotFound:
    """There is no such voice, or it is another user's."""
    return NotFound(reasons.ERROR_REASON_CUSTOM_VOICE_NOT_FOUND, "Custom voice not found or access denied")


def custom_voices_full() -> Precondition:
    """The user has as many as there may be."""
    return Precondition(reasons.ERROR_REASON_CUSTOM_VOICES_FULL, f"自定义音色最多 {MAX_VOICES} 个")


def not_audio() -> Invalid:
    """What was uploaded is nothing that can be heard."""
    return Invalid(reasons.ERROR_REASON_AUDIO_INVALID, "File must be an audio file")


def _approximate(preset: str, voice: CustomVoice, prosody: Prosody | None = None) -> Speaker:
    return Speaker(preset, prosody or Prosody(), Quality.APPROXIMATE, voice.file_id)


def _field_invalid(message: str) -> Invalid:
    return Invalid(reasons.ERROR_REASON_FIELD_INVALID, message)
