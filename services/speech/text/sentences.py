"""Splits text where a reader pauses: after sentences, and inside one that is too long for a single utterance."""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate

_END_MARKS = frozenset("。！？!?；;…\n")
_CLOSING_MARKS = frozenset("”’」』】）》)]\"'")
_CLAUSE_MARKS = frozenset("，,、：:；;—）)")
# fmt: off
_ABBREVIATIONS = frozenset({
    "mr", "mrs", "ms", "dr", "prof", "sr", "jr", "st", "vs", "etc", "inc", "ltd", "co", "corp",
    "dept", "fig", "no", "vol", "approx", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep",
    "sept", "oct", "nov", "dec", "e.g", "i.e", "u.s", "u.k", "a.m", "p.m",
})
# fmt: on
_LONGEST_ABBREVIATION = max(map(len, _ABBREVIATIONS))
# What adding up weights may be off by.
_ROUNDING = 1e-6
_LAST_WORD = re.compile(r"[A-Za-z.]*\Z")


def split_sentences(text: str, max_weight: float) -> list[str]:
    """Consecutive pieces of `text`; joined they are `text` again.

    A piece ends after a sentence mark and the quotes that close with it, or at a line break. Dots inside
    numbers, addresses, initials and known abbreviations end nothing. A sentence that weighs more than
    `max_weight` (see `estimated_tokens`) is cut after clause marks, else at spaces, else anywhere.
    """
    return [piece for sentence in _sentences(text) for piece in _fit(sentence, max_weight)]


def estimated_tokens(text: str) -> float:
    """About how many phoneme tokens `text` will become; a little high on ordinary text."""
    return sum(map(_weight, text))


def _weight(char: str) -> float:
    if "\u3400" <= char <= "\u9fff":
        return 5.0
    if char.isdigit():
        return 8.0
    if char.isalpha():
        return 4.0 if char.isupper() else 1.4
    return 1.0 if char in _CLAUSE_MARKS or char in _END_MARKS or char.isspace() else 5.0


def _sentences(text: str) -> Iterator[str]:
    start = position = 0
    while position < len(text):
        if not _ends_sentence(text, position):
            position += 1
            continue
        position += 1
        while position < len(text) and text[position] in _END_MARKS | {"."}:
            position += 1
        while position < len(text) and text[position] in _CLOSING_MARKS:
            position += 1
        while position < len(text) and text[position].isspace():
            position += 1
        yield text[start:position]
        start = position
    if start < len(text):
        yield text[start:]


def _ends_sentence(text: str, position: int) -> bool:
    char = text[position]
    if char in _END_MARKS:
        # A question mark inside an address ("?q=") is followed by a letter; a real one hardly ever is in
        # Latin text.
        following = text[position + 1 : position + 2]
        return not (char in "?!;" and following.isascii() and following.isalnum())
    if char != ".":
        return False
    following = text[position + 1 : position + 2]
    if following and not (following.isspace() or following in _CLOSING_MARKS or _is_han(following)):
        return False
    if _is_han(following) and text[position - 1 : position].isdigit():
        return True
    window = text[max(0, position - _LONGEST_ABBREVIATION - 1) : position]
    match = _LAST_WORD.search(window)
    word = match.group().lower() if match else ""
    is_initial = len(word) == 1 and word.isalpha() and following.isspace()
    return not (is_initial or word in _ABBREVIATIONS) or position + 1 == len(text)


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def _fit(sentence: str, max_weight: float) -> Iterator[str]:
    """As few pieces as can be, about equally long: a lone last word sounds like a sentence of its own."""
    weights = list(accumulate(map(_weight, sentence), initial=0.0))
    breaks = _Breaks(sentence)
    start = 0
    while (rest := weights[-1] - weights[start]) > max_weight:
        share = rest / math.ceil(rest / max_weight)
        fits = max(bisect_right(weights, weights[start] + max_weight - _ROUNDING) - 1, start + 1)
        ideal = bisect_left(weights, weights[start] + share)
        cut = breaks.nearest(ideal, after=start, until=fits)
        yield sentence[start:cut]
        start = cut
    if start < len(sentence):
        yield sentence[start:]


class _Breaks:
    """Where a sentence may be cut: after clause marks, else at spaces, else anywhere."""

    def __init__(self, sentence: str) -> None:
        self._clauses = [
            at for at, char in enumerate(sentence, 1) if char in _CLAUSE_MARKS and not _inside_number(sentence, at - 1)
        ]
        self._spaces = [at for at, char in enumerate(sentence, 1) if char.isspace()]

    def nearest(self, ideal: int, *, after: int, until: int) -> int:
        """The place nearest to `ideal` of those behind `after` and not behind `until`."""
        for places in (self._clauses, self._spaces):
            first, last = bisect_right(places, after), bisect_right(places, until)
            at = min(max(bisect_left(places, ideal), first), last)
            candidates = [places[index] for index in (at - 1, at) if first <= index < last]
            if candidates:
                return min(candidates, key=lambda place: abs(place - ideal))
        return until


def _inside_number(text: str, position: int) -> bool:
    return text[position - 1 : position].isdigit() and text[position + 1 : position + 2].isdigit()
