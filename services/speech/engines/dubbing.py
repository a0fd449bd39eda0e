"""The contract between the speech service and the engines of dubbing: speech with emotions, by any voice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from services.speech.domain.speakers import Speaker
from services.speech.emotion.delivery import Delivery
from services.speech.emotion.vector import EmotionVector
from services.speech.engines.base import SynthesizedAudio


@dataclass(frozen=True, slots=True)
class SpeakerEmotion:
    """That of the speaker's own recording."""


@dataclass(frozen=True, slots=True)
class ReferenceEmotion:
    """That of another recording, mixed in by `weight`, 0..1. `media` is a file on this machine, None for an engine that
    takes no recordings; `delivery` is what was measured of it."""

    delivery: Delivery
    weight: float
    media: Path | None


@dataclass(frozen=True, slots=True)
class VectorEmotion:
    """An effective vector: bias, sum and weight are applied. `text` is the description it was read from, if it was."""

    vector: EmotionVector
    weight: float
    text: str | None = None


Emotion: TypeAlias = SpeakerEmotion | ReferenceEmotion | VectorEmotion


@dataclass(frozen=True, slots=True)
class DubbingRequest:
    """One piece. `speaker_sample` is a recording of the speaker on this machine, None for an engine that takes none.

    speed: 0.5..2.0, times faster. volume_scale: 0.1..2.0, times the amplitude. max_tokens: of the longest segment.
    content_id: goes into the AI-content label of the file. The result is MP3.
    """

    text: str
    speaker: Speaker
    emotion: Emotion
    speed: float
    volume_scale: float
    max_tokens: int
    content_id: str
    speaker_sample: Path | None = None


class Dubber(Protocol):
    """An engine that speaks with emotions."""

    @property
    def name(self) -> str: ...

    @property
    def takes_recordings(self) -> bool:
        """Whether it wants the recordings of speakers and emotions."""
        ...

    async def dub(self, request: DubbingRequest, *, timeout_s: float) -> SynthesizedAudio:
        """Speaks within `timeout_s`. Cancelling the caller stops the work. `quality` is native when emotion and voice
        are the engine's own, approximate when they are imitated.

        Raises InputRefused or EngineBroken (of `kit.engines`), or SynthesisError.
        """
        ...

    async def aclose(self) -> None: ...
