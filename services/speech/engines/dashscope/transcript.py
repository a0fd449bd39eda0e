"""From Gummy's results to sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from services.speech.engines.base import RecognizedPart, RecognizedSentence

UNDETERMINED = "und"
_MOST_SENTENCES = 100_000
_SCRIPTS = (
    ("ja", 0x3040, 0x30FF),
    ("ko", 0xAC00, 0xD7A3),
    ("zh", 0x4E00, 0x9FFF),
    ("en", 0x41, 0x5A),
    ("en", 0x61, 0x7A),
)


class TooManySentences(Exception):
    """More than anybody can say in the longest recording."""


class Transcript:
    """Gathers the results of one task; of a sentence that comes several times the last counts."""

    def __init__(self, duration_ms: int) -> None:
        self._duration_ms = duration_ms
        self._sentences: dict[int, RecognizedSentence] = {}

    def take(self, event: Mapping[str, Any]) -> None:
        """One event of the task. Raises TooManySentences, and ValueError or TypeError for what is no result."""
        output = (event.get("payload") or {}).get("output") or {}
        heard = output.get("transcription")
        if not isinstance(heard, dict) or not heard.get("sentence_end"):
            # It may change.
            return
        words = tuple(word for given in heard.get("words") or () if (word := self._part(given)).text)
        whole = self._part(heard)
        self._sentences[int(heard["sentence_id"])] = RecognizedSentence(whole.text, whole.begin_ms, whole.end_ms, words)
        if len(self._sentences) > _MOST_SENTENCES:
            raise TooManySentences

    def sentences(self) -> tuple[RecognizedSentence, ...]:
        """In the order in which they were said."""
        return tuple(sentence for _, sentence in sorted(self._sentences.items()) if sentence.text)

    def _part(self, given: Mapping[str, Any]) -> RecognizedPart:
        begin_ms = min(max(int(given["begin_time"]), 0), self._duration_ms)
        end = given.get("end_time")
        end_ms = int(given.get("current_time") or begin_ms) if end is None else int(end)
        return RecognizedPart(
            str(given.get("text") or "").strip(), begin_ms, min(max(end_ms, begin_ms), self._duration_ms)
        )


def language_of(text: str) -> str:
    """The language that the script of a text speaks for, as the service does not tell: kana decides against Han."""
    found = Counter(
        language for character in text for language, first, last in _SCRIPTS if first <= ord(character) <= last
    )
    if not found:
        return UNDETERMINED
    if found["ja"] and found["zh"] + found["ja"] > found["en"]:
        return "ja"
    return found.most_common(1)[0][0]
