"""From a text to a finished file, the same way for every engine that can speak one sentence on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from kit.content_label import ContentLabel
from services.speech.dsp.intonation import change_intonation
from services.speech.dsp.loudness import apply_gain, apply_volume, level, limit_peak
from services.speech.dsp.prosody import change_prosody
from services.speech.dsp.silence import pause
from services.speech.engines.base import (
    Language,
    PlacedWord,
    Quality,
    SpokenSegment,
    SpokenSentence,
    SpokenText,
    SpokenWord,
    SynthesisRequest,
    SynthesizedAudio,
    within_rates,
)
from services.speech.engines.errors import NothingToSpeak, TextTooLong
from services.speech.engines.finishing import encode
from services.speech.text.normalization import Reading
from services.speech.text.script import Sentence, speakable_sentences
from services.speech.text.tokens import split_by_tokens

SAMPLE_RATE = 24_000
"""Of what is spoken and of the finished audio, in Hz. Every format can hold it."""

_TOKENS_PER_SENTENCE = 180.0
_SENTENCE_PAUSE_S = 0.28
_CLAUSE_PAUSE_S = 0.14
_SENTENCE_ENDS = frozenset("。！？!?.…；;")

Speak: TypeAlias = Callable[[Sentence], SpokenSentence]
"""Speaks one sentence, at SAMPLE_RATE."""


@dataclass(frozen=True, slots=True)
class _Spoken:
    """Audio of one sentence, levelled, with the pause that follows it still to come."""

    text: str
    audio: NDArray[np.float32]
    words: tuple[PlacedWord, ...]


@dataclass(frozen=True, slots=True)
class Narrator:
    """Cuts texts into sentences, has them spoken, and makes files of them that say who made them: `engine` with
    `model`, for the service called `producer`."""

    engine: str
    model: str
    producer: str
    max_chars: int

    def begin(
        self, request: SynthesisRequest, speak: Speak, *, language: Language, quality: Quality = Quality.NATIVE
    ) -> Narration:
        """What `request` asks for, nothing of it spoken yet; `language` decides how bare numbers are read.

        Raises TextTooLong and NothingToSpeak.
        """
        sentences = self._sentences(request, language)
        if not sentences:
            raise NothingToSpeak
        return Narration(self, request, tuple(sentences), speak, quality)

    def _sentences(self, request: SynthesisRequest, language: Language) -> list[Sentence]:
        if len(request.text) > self.max_chars:
            raise TextTooLong(self.max_chars, len(request.text))
        return [
            sentence
            for piece in split_by_tokens(request.text, request.max_tokens)
            for sentence in speakable_sentences(piece, _TOKENS_PER_SENTENCE, default_reading=Reading(language))
        ]


@dataclass(frozen=True, slots=True)
class Narration:
    """A `SpokenText`. Its sentences know nothing of each other: they may be spoken at any time, in any process."""

    narrator: Narrator
    request: SynthesisRequest
    sentences: tuple[Sentence, ...]
    voice: Speak
    quality: Quality

    @property
    def sentence_count(self) -> int:
        return len(self.sentences)

    def speak(self, index: int) -> SpokenSentence:
        """See `SpokenText.speak`."""
        plain, manner = self.voice(self.sentences[index]), self.request.manner
        if not len(plain.samples):
            return plain
        audio = change_intonation(plain.samples, SAMPLE_RATE, pitch=manner.pitch, pitch_range=manner.pitch_range)
        return replace(plain, samples=level(audio, SAMPLE_RATE))

    def finish(self, spoken: Sequence[SpokenSentence]) -> SynthesizedAudio:
        """See `SpokenText.finish`. Raises NothingToSpeak."""
        heard = [
            _Spoken(sentence.text, said.samples, said.words)
            for sentence, said in zip(self.sentences, spoken, strict=True)
            if len(said.samples)
        ]
        if not heard:
            raise NothingToSpeak
        request = self.request
        audio, starts = _join(heard, pauses=request.manner.pauses)
        joined_samples = len(audio)
        speech_rate = within_rates(request.speech_rate * request.manner.rate)
        audio = change_prosody(audio, SAMPLE_RATE, speech_rate=speech_rate, pitch_rate=request.pitch_rate)
        audio = apply_gain(apply_volume(audio, request.volume), request.manner.energy_db)
        audio = limit_peak(audio, SAMPLE_RATE)
        label = ContentLabel(self.narrator.producer, request.content_id or uuid4().hex)
        return SynthesizedAudio(
            data=encode(audio, SAMPLE_RATE, audio_format=request.audio_format, label=label),
            audio_format=request.audio_format,
            sample_rate=SAMPLE_RATE,
            duration_ms=_milliseconds(len(audio)),
            engine=self.narrator.engine,
            model=self.narrator.model,
            quality=self.quality,
            segments=_segments(heard, starts, samples=len(audio), of=joined_samples),
        )


def spoken_at_once(text: SpokenText) -> SynthesizedAudio:
    """The file of a text, its sentences spoken one after the other. Raises NothingToSpeak."""
    return text.finish([text.speak(index) for index in range(text.sentence_count)])


def _join(spoken: list[_Spoken], *, pauses: float) -> tuple[NDArray[np.float32], list[int]]:
    """The sentences with pauses between them, `pauses` times as long as usual, and where each begins, in samples."""
    pieces: list[NDArray[np.float32]] = []
    starts: list[int] = []
    position = 0
    for index, item in enumerate(spoken):
        starts.append(position)
        piece = item.audio
        if index + 1 < len(spoken):
            piece = np.concatenate([piece, pause(_pause_after(item.text) * pauses, SAMPLE_RATE)])
        pieces.append(piece)
        position += len(piece)
    return np.concatenate(pieces), starts


def _segments(spoken: list[_Spoken], starts: list[int], *, samples: int, of: int) -> tuple[SpokenSegment, ...]:
    """Where each sentence is heard now that the `of` samples that were joined have become `samples`."""

    def time_of(position: int) -> int:
        return _milliseconds(position * samples / of)

    return tuple(
        SpokenSegment(
            item.text,
            time_of(start),
            time_of(end),
            tuple(SpokenWord(word.text, time_of(start + word.begin), time_of(start + word.end)) for word in item.words),
        )
        for item, (start, end) in zip(spoken, pairwise((*starts, of)), strict=True)
    )


def _pause_after(text: str) -> float:
    return _SENTENCE_PAUSE_S if text[-1:] in _SENTENCE_ENDS else _CLAUSE_PAUSE_S


def _milliseconds(samples: float) -> int:
    return round(samples * 1000 / SAMPLE_RATE)
