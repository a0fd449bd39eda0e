"""What models of sherpa-onnx answer, put into words and sentences with their times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import Protocol

from services.speech.engines.base import RecognizedSentence
from services.speech.engines.recognition.recognizer import UNDETERMINED
from services.speech.engines.recognition.transcript import HeardWord
from services.speech.text.runs import Script, script_of
from services.speech.text.sentences import split_sentences

_CONTINUES = "@@"  # at the end of a piece of a word that is not the last one
_BEGINS = "▁"  # at the start of a word; the library makes most of them spaces
_INSIDE_WORDS = frozenset("'’-")
# Models tell when a token begins. Nobody draws out a syllable longer: what is beyond is a pause.
_LONGEST_TOKEN_S = 0.6
_LONGEST_SENTENCE = 400.0
_CHINESE, _ENGLISH = "zh", "en"


class Answer(Protocol):
    """The part of the library's result that is read. `timestamps` are the beginnings of `tokens`, in seconds; empty
    where the model has none."""

    @property
    def text(self) -> str: ...

    @property
    def tokens(self) -> Sequence[str]: ...

    @property
    def timestamps(self) -> Sequence[float]: ...

    @property
    def lang(self) -> str: ...


def language_of(answer: Answer) -> str:
    """The language a model names, as in `<|zh|>`; else the one of the script, `und` if there is none."""
    named = answer.lang.strip("<|>").lower()
    if named.isalpha() and len(named) <= len("yue"):
        return named
    scripts = set(map(script_of, answer.text))
    if Script.HAN in scripts:
        return _CHINESE
    return _ENGLISH if Script.LATIN in scripts else UNDETERMINED


def words_of(answer: Answer, *, offset_s: float, duration_s: float) -> list[HeardWord]:
    """The words of a stretch that begins at `offset_s` of the recording; none if the model gives no times."""
    if not answer.timestamps or len(answer.timestamps) != len(answer.tokens):
        return []
    ends = chain(answer.timestamps[1:], (duration_s,))
    words: list[HeardWord] = []
    for (text, goes_on), start, following in zip(_pieces(answer.tokens), answer.timestamps, ends, strict=True):
        end = max(min(following, start + _LONGEST_TOKEN_S, duration_s), start)
        if goes_on and words:
            words[-1] = HeardWord(words[-1].text + text, words[-1].start_s, offset_s + end)
        elif text.strip():
            words.append(HeardWord(text, offset_s + start, offset_s + end))
    return words


def _pieces(tokens: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Each token as it is written, with the space before it if it has one, and whether it goes on with the word."""
    marks_spaces = any(token.startswith((_BEGINS, " ")) for token in tokens)
    for previous, token in pairwise(("", *tokens)):
        text = token.removesuffix(_CONTINUES).replace(_BEGINS, " ")
        if previous.endswith(_CONTINUES) or _is_mark(text):
            yield text, True
        elif marks_spaces:
            yield text, _is_alphabetic(text[:1]) and (_is_alphabetic(previous[-1:]) or previous[-1:] in _INSIDE_WORDS)
        else:
            stands_apart = script_of(text[:1]) is Script.LATIN and script_of(previous[-1:]) is Script.LATIN
            yield f" {text}" if stands_apart else text, False


def _is_mark(text: str) -> bool:
    return bool(text.strip()) and not any(map(str.isalnum, text))


def _is_alphabetic(character: str) -> bool:
    """Whether words of several such characters have no spaces inside and spaces around them."""
    return character.isalnum() and script_of(character) is not Script.HAN


def shared_out(text: str, *, begin_ms: int, end_ms: int) -> Iterator[RecognizedSentence]:
    """The sentences of a stretch without times of its own: each has a share of the time by its length."""
    pieces = [piece for piece in split_sentences(text, _LONGEST_SENTENCE) if piece.strip()]
    total, position = sum(map(len, pieces)), 0
    for piece in pieces:
        begin = begin_ms + (end_ms - begin_ms) * position // total
        position += len(piece)
        yield RecognizedSentence(piece.strip(), begin, begin_ms + (end_ms - begin_ms) * position // total)
