"""Emotions by manner: a preset voice speaks faster, higher, wider or louder."""

from __future__ import annotations

import math
from dataclasses import replace

from services.speech.emotion.manners import manner_of_reference, manner_of_vector
from services.speech.engines.base import (
    DEFAULT_VOLUME,
    PLAIN,
    AudioFormat,
    Manner,
    Quality,
    SpeechSynthesizer,
    SynthesisRequest,
    SynthesizedAudio,
)
from services.speech.engines.dubbing import DubbingRequest, Emotion, ReferenceEmotion, SpeakerEmotion, VectorEmotion

ENGINE_NAME = "prosody"


class ProsodyDubber:
    """A `Dubber` over a text-to-speech engine, which it does not own."""

    takes_recordings = False

    def __init__(self, synthesizer: SpeechSynthesizer) -> None:
        self._synthesizer = synthesizer

    @property
    def name(self) -> str:
        return ENGINE_NAME

    async def dub(self, request: DubbingRequest, *, timeout_s: float) -> SynthesizedAudio:
        """See `Dubber.dub`. Native only when there is nothing to imitate."""
        audio = await self._synthesizer.synthesize(synthesis_of(request), timeout_s=timeout_s)
        is_own = isinstance(request.emotion, SpeakerEmotion) and request.speaker.quality is Quality.NATIVE
        return audio if is_own else replace(audio, quality=Quality.APPROXIMATE)

    async def aclose(self) -> None:
        """The text-to-speech engine is ended by who made it."""


def synthesis_of(request: DubbingRequest) -> SynthesisRequest:
    """What the text-to-speech engine is asked for the piece."""
    prosody = request.speaker.prosody
    manner = _manner_of(request.emotion)
    loudness = prosody.energy * request.volume_scale
    return SynthesisRequest(
        text=request.text,
        voice=request.speaker.voice,
        audio_format=AudioFormat.MP3,
        volume=DEFAULT_VOLUME,
        speech_rate=request.speed,
        pitch_rate=prosody.pitch,
        content_id=request.content_id,
        manner=replace(manner, rate=manner.rate * prosody.rate, energy_db=manner.energy_db + 20 * math.log10(loudness)),
        max_tokens=request.max_tokens,
    )


def _manner_of(emotion: Emotion) -> Manner:
    match emotion:
        case SpeakerEmotion():
            return PLAIN
        case ReferenceEmotion(delivery, weight):
            return manner_of_reference(delivery, weight)
        case VectorEmotion(vector):
            return manner_of_vector(vector)
