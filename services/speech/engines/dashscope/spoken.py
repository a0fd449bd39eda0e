"""What comes back while a text is spoken: bare samples, and where its sentences begin and end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.speech.engines.base import SpokenSegment

_SAMPLE = np.dtype("<i2")
_FULL_SCALE = 32768.0
_LONGEST_S = 3600
_SENTENCE_END = "sentence-end"


class TooMuchAudio(Exception):
    """The provider speaks longer than any text of ours."""


class Spoken:
    """Gathers the frames of one task.

    The pause behind a sentence belongs to it: segments cover the audio without gaps. A provider that names no sentences
    has spoken one.
    """

    def __init__(self, text: str, sample_rate: int) -> None:
        self._text = text
        self._sample_rate = sample_rate
        self._audio = bytearray()
        self._ends: list[tuple[str, int]] = []

    def take(self, frames: Iterable[dict[str, Any] | bytes]) -> None:
        """All frames of the task. Raises TooMuchAudio, and what the frames raise."""
        most = _LONGEST_S * self._sample_rate * _SAMPLE.itemsize
        for frame in frames:
            if isinstance(frame, bytes):
                self._audio += frame
                if len(self._audio) > most:
                    raise TooMuchAudio
            else:
                self._note(frame)

    def samples(self) -> NDArray[np.float32]:
        """Mono at full scale 1."""
        whole = len(self._audio) - len(self._audio) % _SAMPLE.itemsize
        return np.frombuffer(bytes(self._audio[:whole]), _SAMPLE).astype(np.float32) / np.float32(_FULL_SCALE)

    def segments(self) -> tuple[SpokenSegment, ...]:
        """The sentences, the last of them as long as the audio."""
        total_ms = self._milliseconds(len(self._audio))
        # A sentence without samples of its own was not heard.
        ends = [(text, self._milliseconds(end)) for text, end in self._ends if text]
        starts = [0, *(end for _, end in ends)]
        heard = [(text, start, end) for (text, end), start in zip(ends, starts, strict=False) if end > start]
        if not heard:
            return (SpokenSegment(self._text, 0, total_ms),)
        *before, (text, start, _) = heard
        return (*(SpokenSegment(*segment) for segment in before), SpokenSegment(text, start, total_ms))

    def _note(self, event: dict[str, Any]) -> None:
        payload = event.get("payload")
        output = payload.get("output") if isinstance(payload, dict) else None
        if isinstance(output, dict) and output.get("type") == _SENTENCE_END:
            self._ends.append((str(output.get("original_text") or "").strip(), len(self._audio)))

    def _milliseconds(self, size: int) -> int:
        return round(size // _SAMPLE.itemsize * 1000 / self._sample_rate)
