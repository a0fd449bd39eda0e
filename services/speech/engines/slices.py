"""Texts spoken a sentence at a time inside a worker process, so that others get their turn in between."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from services.speech.engines.base import (
    BlockingSynthesizer,
    PlacedWord,
    SpokenSentence,
    SpokenText,
    SynthesisRequest,
    SynthesizedAudio,
    SynthesizerFactory,
)

# Texts under way whose sentences a process remembers; one that is forgotten is cut into sentences again.
_REMEMBERED = 16
_SAMPLES = ".samples"
_WORDS = ".words"


@dataclass(frozen=True, slots=True)
class SliceFactory:
    """Builds the engine inside a worker."""

    factory: SynthesizerFactory

    def __call__(self) -> SliceSpeaker:
        return SliceSpeaker(self.factory())


class SliceSpeaker:
    """Speaks one sentence of a text at each call. What was spoken lies in the text's folder, not in this process:
    another one may speak the next sentence."""

    def __init__(self, engine: BlockingSynthesizer) -> None:
        self._engine = engine
        self._begun: OrderedDict[SynthesisRequest, SpokenText] = OrderedDict()

    def speak(self, request: SynthesisRequest, folder: Path, index: int) -> SynthesizedAudio | None:
        """Speaks sentence `index`, all before it being spoken; answers the finished audio after the last, None before.

        Raises as the engine does.
        """
        text = self._text(request)
        spoken = text.speak(index)
        if index + 1 < text.sentence_count:
            _keep(spoken, folder / f"{index}")
            return None
        del self._begun[request]
        return text.finish([*(_kept(folder / f"{each}") for each in range(index)), spoken])

    def _text(self, request: SynthesisRequest) -> SpokenText:
        text = self._begun.get(request)
        if text is None:
            text = self._begun[request] = self._engine.begin(request)
        self._begun.move_to_end(request)
        if len(self._begun) > _REMEMBERED:
            self._begun.popitem(last=False)
        return text


def _keep(spoken: SpokenSentence, file: Path) -> None:
    spoken.samples.tofile(file.with_suffix(_SAMPLES))
    words = [(word.text, word.begin, word.end) for word in spoken.words]
    file.with_suffix(_WORDS).write_text(json.dumps(words), encoding="utf-8")


def _kept(file: Path) -> SpokenSentence:
    import numpy

    words = json.loads(file.with_suffix(_WORDS).read_text(encoding="utf-8"))
    samples = numpy.fromfile(file.with_suffix(_SAMPLES), numpy.float32)
    return SpokenSentence(samples, tuple(PlacedWord(*word) for word in words))
