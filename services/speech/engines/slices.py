"""Texts spoken a sentence at a time inside a worker process, so that others get their turn in between."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from services.speech.engines.base import (
    BlockingSynthesizer,
    SpokenText,
    SynthesisRequest,
    SynthesizedAudio,
    SynthesizerFactory,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Texts under way whose sentences a process remembers; one that is forgotten is cut into sentences again.
_REMEMBERED = 16


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
        audio = text.speak(index)
        if index + 1 < text.sentence_count:
            audio.tofile(_file(folder, index))
            return None
        del self._begun[request]
        return text.finish([*(_read(_file(folder, each)) for each in range(index)), audio])

    def _text(self, request: SynthesisRequest) -> SpokenText:
        text = self._begun.get(request)
        if text is None:
            text = self._begun[request] = self._engine.begin(request)
        self._begun.move_to_end(request)
        if len(self._begun) > _REMEMBERED:
            self._begun.popitem(last=False)
        return text


def _file(folder: Path, index: int) -> Path:
    return folder / f"{index}.samples"


def _read(path: Path) -> NDArray[np.float32]:
    import numpy

    return numpy.fromfile(path, numpy.float32)
