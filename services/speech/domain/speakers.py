"""Who speaks in dubbing: what a client chooses, and what an engine is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from services.speech.engines.base import Quality


@dataclass(frozen=True, slots=True)
class TemplateChoice:
    """A voice of the public catalogue."""

    template_id: int


@dataclass(frozen=True, slots=True)
class CustomChoice:
    """A voice that the user uploaded."""

    custom_voice_id: int


VoiceChoice: TypeAlias = TemplateChoice | CustomChoice


@dataclass(frozen=True, slots=True)
class Prosody:
    """How a voice differs from the engine's: factors of speed, of pitch and of amplitude. 1.0 leaves it as it is."""

    rate: float = 1.0
    pitch: float = 1.0
    energy: float = 1.0


@dataclass(frozen=True, slots=True)
class Speaker:
    """A choice as an engine understands it.

    `voice` is a preset voice of the selected engine, or one learnt for it, which lies in the file `pack_file_id`.
    `quality` is approximate when the voice only resembles what was chosen. `sample_file_id` is the recording behind a
    custom voice, for an engine that speaks with samples; None for a template.
    """

    voice: str
    prosody: Prosody
    quality: Quality
    sample_file_id: str | None
    pack_file_id: str | None = None
