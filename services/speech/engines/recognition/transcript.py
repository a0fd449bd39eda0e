"""From words as the model hears them to sentences as people read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.speech.engines.base import RecognizedPart, RecognizedSentence
from services.speech.text.runs import Script, script_of

_ENDS = frozenset("。！？!?…；;")
_PAUSES = frozenset("，,、：:")
_ABBREVIATIONS = frozenset({"dr.", "mr.", "mrs.", "ms.", "no.", "st.", "vs."})
_LONGEST_PAUSE_S = 0.8
# Nobody reads a caption of a minute: from here on a short pause ends a sentence, too, and then a comma.
_LONG_S = 6.0
_SHORT_PAUSE_S = 0.2
_VERY_LONG_S = 12.0
# The model writes the punctuation of either script after Chinese words.
_MARKS = ",.?!;:"
_FULL_WIDTH = str.maketrans(_MARKS, "，。？！；：")


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word as the model writes it, with the space before it if its script has one, in seconds of the recording."""

    text: str
    start_s: float
    end_s: float


def sentences_of(
    words: Sequence[HeardWord], *, simplify: Callable[[str], str], duration_ms: int
) -> tuple[RecognizedSentence, ...]:
    """The words in sentences, times within the recording. `simplify` writes Chinese in the simplified script."""
    return tuple(
        sentence
        for group in _grouped(words)
        if (sentence := _sentence(group, simplify=simplify, duration_ms=duration_ms)).text
    )


def _grouped(words: Sequence[HeardWord]) -> Iterator[list[HeardWord]]:
    group: list[HeardWord] = []
    for word, following in pairwise((*words, None)):
        if word is None:
            continue
        group.append(word)
        if following is None or _ends_sentence(group, following):
            yield group
            group = []


def _ends_sentence(group: list[HeardWord], following: HeardWord) -> bool:
    text = group[-1].text.strip()
    pause_s, duration_s = following.start_s - group[-1].end_s, group[-1].end_s - group[0].start_s
    if pause_s >= (_SHORT_PAUSE_S if duration_s >= _LONG_S else _LONGEST_PAUSE_S) or text[-1:] in _ENDS:
        return True
    if text.endswith(".") and text.lower() not in _ABBREVIATIONS:
        return not following.text[:1].isdecimal()
    return duration_s >= _VERY_LONG_S and text[-1:] in _PAUSES


def _sentence(group: list[HeardWord], *, simplify: Callable[[str], str], duration_ms: int) -> RecognizedSentence:
    texts = _punctuated(_simplified([word.text for word in group], simplify))
    words = tuple(
        RecognizedPart(text.strip(), *_times(word, duration_ms))
        for text, word in zip(texts, group, strict=True)
        if text.strip()
    )
    text = "".join(texts).strip()
    if not words:
        return RecognizedSentence("", 0, 0)
    return RecognizedSentence(text, words[0].begin_ms, max(word.end_ms for word in words), words)


def _simplified(texts: list[str], simplify: Callable[[str], str]) -> list[str]:
    """Converted as one text, since the choice of a character depends on its neighbours, and cut where it was."""
    whole = simplify("".join(texts))
    if len(whole) != sum(map(len, texts)):
        return [simplify(text) for text in texts]
    ends = [0]
    for text in texts:
        ends.append(ends[-1] + len(text))
    return [whole[start:end] for start, end in pairwise(ends)]


def _punctuated(texts: Iterable[str]) -> list[str]:
    """Chinese words have Chinese punctuation behind them, and a comma where the model has left a space."""
    found: list[str] = []
    last = ""
    for text in texts:
        if text[:1] == " " and _is_han(last) and _is_han(text.strip()[:1]):
            found[-1] += "，"
            text = text.lstrip()
        stem = text.rstrip(_MARKS)
        marks = text[len(stem) :]
        last = stem[-1:] or last
        found.append(stem + (marks.translate(_FULL_WIDTH) if _is_han(last) else marks))
        last = found[-1][-1:] if marks and stem else last
    return found


def _is_han(character: str) -> bool:
    return bool(character) and script_of(character) is Script.HAN


def _times(word: HeardWord, duration_ms: int) -> tuple[int, int]:
    begin_ms = min(round(word.start_s * 1000), duration_ms)
    return begin_ms, max(begin_ms, min(round(word.end_s * 1000), duration_ms))
