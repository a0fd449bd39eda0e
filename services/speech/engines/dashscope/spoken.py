"""What comes back while a text is spoken: bare samples, and where its sentences and words begin and end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.speech.engines.base import SpokenSegment, SpokenWord

_SAMPLE = np.dtype("<i2")
_FULL_SCALE = 32768.0
_LONGEST_S = 3600
_SENTENCE_END = "sentence-end"
# Whether words are counted from the beginning of the audio or of their sentence is not documented: those of a later
# sentence that seem to begin before it by more than this are counted from it.
_EARLY_MS = 200


class TooMuchAudio(Exception):
    """The provider speaks longer than any text of ours."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    """`number` is the provider's, `end` the size of the audio when it ended."""

    number: object
    text: str
    end: int


class Spoken:
    """Gathers the frames of one task.

    The pause behind a sentence belongs to it: segments cover the audio without gaps. A provider that names no sentences
    has spoken one. Segments have words where the provider tells their times.
    """

    def __init__(self, text: str, sample_rate: int) -> None:
        self._text = text
        self._sample_rate = sample_rate
        self._audio = bytearray()
        self._ended: list[_Sentence] = []
        self._words: dict[object, tuple[SpokenWord, ...]] = {}

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
        heard: list[SpokenSegment] = []
        start = 0
        for sentence in self._ended:
            end = self._milliseconds(sentence.end)
            # A sentence without text or samples of its own was not heard.
            if sentence.text and end > start:
                heard.append(SpokenSegment(sentence.text, start, end, self._words.get(sentence.number, ())))
                start = end
        if not heard:
            words = [word for group in self._words.values() for word in group]
            heard.append(SpokenSegment(self._text, 0, total_ms, tuple(words)))
        heard[-1] = replace(heard[-1], end_ms=total_ms)
        return tuple(replace(each, words=_within(each)) for each in heard)

    def _note(self, event: dict[str, Any]) -> None:
        payload = event.get("payload")
        output = payload.get("output") if isinstance(payload, dict) else None
        if not isinstance(output, dict):
            return
        sentence = output.get("sentence")
        told = sentence if isinstance(sentence, dict) else {}
        # Sambert numbers no sentences, but each begins at a time of its own.
        number = told.get("index", told.get("begin_time"))
        if isinstance(number, int) and (words := tuple(_words_in(told.get("words")))):
            self._words[number] = words  # told again and again while it grows
        if output.get("type") == _SENTENCE_END:
            text = str(output.get("original_text") or "").strip()
            self._ended.append(_Sentence(number, text, len(self._audio)))

    def _milliseconds(self, size: int) -> int:
        return round(size // _SAMPLE.itemsize * 1000 / self._sample_rate)


def _words_in(told: object) -> Iterator[SpokenWord]:
    for each in told if isinstance(told, list) else ():
        if isinstance(each, dict):
            text, begin, end = each.get("text"), each.get("begin_time"), each.get("end_time")
            if (
                isinstance(text, str)
                and isinstance(begin, int)
                and isinstance(end, int)
                and any(map(str.isalnum, text))
            ):
                yield SpokenWord(text.strip(), begin, end)


def _within(segment: SpokenSegment) -> tuple[SpokenWord, ...]:
    """The words of a segment by the time of the whole audio, none beyond it."""
    words: Sequence[SpokenWord] = segment.words
    shift = segment.start_ms if words and words[0].start_ms < segment.start_ms - _EARLY_MS else 0
    bounds = [(_clamped(word.start_ms + shift, segment), _clamped(word.end_ms + shift, segment)) for word in words]
    return tuple(
        SpokenWord(word.text, start, max(start, end)) for word, (start, end) in zip(words, bounds, strict=True)
    )


def _clamped(time_ms: int, segment: SpokenSegment) -> int:
    return min(max(time_ms, segment.start_ms), segment.end_ms)
