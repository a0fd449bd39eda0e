"""A synthesizer for pool tests: obeys orders in its text instead of speaking. Lives in worker processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from services.speech.engines.base import (
    AudioFormat,
    PlacedWord,
    Quality,
    SpokenSegment,
    SpokenSentence,
    SpokenWord,
    SynthesisRequest,
    SynthesizedAudio,
)
from services.speech.engines.errors import EngineUnavailable, UnknownVoice
from services.speech.engines.narration import spoken_at_once

SAY_PID = "pid"
CRASH = "crash"
BREAK = "break"
BLOCK = "block "
"""Followed by the path of a FIFO that is told the worker's process id before it blocks for ever."""
HOLD = "hold "
"""Followed by the path of a FIFO; the sentence is spoken when somebody has written to it."""
NEXT = "|"
"""Stands between sentences."""


class FakeSynthesizer:
    """Counts its utterances, so that a test can tell one instance from another."""

    def __init__(self) -> None:
        self._utterances = 0

    def synthesize(self, request: SynthesisRequest) -> SynthesizedAudio:
        return spoken_at_once(self.begin(request))

    def begin(self, request: SynthesisRequest) -> FakeText:
        self._utterances += 1
        if request.voice == "nobody":
            raise UnknownVoice(request.voice)
        if request.text == CRASH:
            os.kill(os.getpid(), signal.SIGKILL)
        if request.text == BREAK:
            raise ZeroDivisionError("private detail")
        return FakeText(tuple(request.text.split(NEXT)), self._utterances)


@dataclass(frozen=True, slots=True)
class FakeText:
    """Speaks each sentence as its number of characters, and as one word; the file names the process and what it was
    made of."""

    sentences: tuple[str, ...]
    number: int

    @property
    def sentence_count(self) -> int:
        return len(self.sentences)

    def speak(self, index: int) -> SpokenSentence:
        sentence = self.sentences[index]
        if sentence.startswith(BLOCK):
            Path(sentence.removeprefix(BLOCK)).write_text(str(os.getpid()))
            signal.pause()
        if sentence.startswith(HOLD):
            Path(sentence.removeprefix(HOLD)).read_text()
        return SpokenSentence(np.full(1, len(sentence), dtype=np.float32), (PlacedWord(sentence, 0, 1),))

    def finish(self, spoken: Sequence[SpokenSentence]) -> SynthesizedAudio:
        return SynthesizedAudio(
            data=str(os.getpid()).encode(),
            audio_format=AudioFormat.PCM,
            sample_rate=24_000,
            duration_ms=self.number,
            engine="fake",
            model=",".join(str(int(each.samples[0])) for each in spoken),
            quality=Quality.NATIVE,
            segments=tuple(_segment(each) for each in spoken),
        )


def _segment(spoken: SpokenSentence) -> SpokenSegment:
    [word] = spoken.words
    return SpokenSegment(word.text, 0, 1, (SpokenWord(word.text, word.begin, word.end),))


@dataclass(frozen=True, slots=True)
class FakeFactory:
    """`missing` names what the engine lacks; empty for an engine that works."""

    missing: str = ""

    def __call__(self) -> FakeSynthesizer:
        if self.missing:
            raise EngineUnavailable("fake", self.missing)
        return FakeSynthesizer()
