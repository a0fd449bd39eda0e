"""From words as they are pronounced back to words as they were written: 十二 was a figure, and so was twelve."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from services.speech.engines.base import PlacedWord

_HAN = "\u3400-\u9fff"
_LATIN = "A-Za-z\u00c0-\u024f"
_WIDE_PAUSES = "，、。．！？；："
_UNITS = re.compile(rf"[{_HAN}{_WIDE_PAUSES}]|[{_LATIN}]+(?:['’][{_LATIN}]+)*|[^\s{_HAN}{_LATIN}{_WIDE_PAUSES}]+")
# Marks that are read aloud, though they are punctuation to Unicode.
_READ_MARKS = frozenset("%‰#@&")
# Both sides have these, so that figures on either side of one are not taken together.
_PAUSES = frozenset(",.!?;:")
_WIDE = str.maketrans(_WIDE_PAUSES, ",,..!?;:")


@dataclass(frozen=True, slots=True)
class Uttered:
    """A Han character, a Latin word or a mark as it is pronounced, from sample `begin` up to `end`. `goes_on` tells of
    a character that belongs to the word of the one before it."""

    text: str
    begin: int
    end: int
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class _Unit:
    """A Han character, a Latin word, figures and symbols without a space between them, or a mark, of a written text."""

    start: int
    end: int
    key: str


def written_words(text: str, uttered: Sequence[Uttered]) -> tuple[PlacedWord, ...]:
    """The words of `text` that are heard, in order. What is written otherwise than it is read (figures, units, signs)
    is one word with all that stands for it."""
    units = list(_units(text))
    matcher = SequenceMatcher(None, [unit.key for unit in units], [_key(each.text) for each in uttered], autojunk=False)
    words: list[_Word] = []
    for kind, unit, unit_end, said, said_end in matcher.get_opcodes():
        written, heard = units[unit:unit_end], uttered[said:said_end]
        if kind == "equal":
            for one, other in zip(written, heard, strict=True):
                _add(words, one, other)
        elif kind == "replace":
            _add_whole(words, written, heard)
    return tuple(PlacedWord(text[word.start : word.end], word.begin, word.until) for word in words)


@dataclass(slots=True)
class _Word:
    """`start` and `end` in the text, heard from `begin` `until`."""

    start: int
    end: int
    begin: int
    until: int


def _add(words: list[_Word], written: _Unit, heard: Uttered) -> None:
    if written.key in _PAUSES:
        return
    if heard.goes_on and words and words[-1].end == written.start:
        words[-1].end, words[-1].until = written.end, heard.end
    else:
        words.append(_Word(written.start, written.end, heard.begin, heard.end))


def _add_whole(words: list[_Word], written: Sequence[_Unit], heard: Sequence[Uttered]) -> None:
    read = [unit for unit in written if unit.key not in _PAUSES]
    said = [each for each in heard if each.text not in _PAUSES]
    if read and said:
        words.append(_Word(read[0].start, read[-1].end, said[0].begin, said[-1].end))


def _units(text: str) -> Iterator[_Unit]:
    for match in _UNITS.finditer(text):
        start, end = match.span()
        first = next((place for place in range(start, end) if _is_read(text[place])), end)
        last = next((place for place in range(end, first, -1) if _is_read(text[place - 1])), first)
        yield from _marks(text, start, first)
        if first < last:
            yield _Unit(first, last, _key(text[first:last]))
        yield from _marks(text, last, end)


def _marks(text: str, start: int, end: int) -> Iterator[_Unit]:
    for place in range(start, end):
        if (key := _key(text[place])) in _PAUSES:
            yield _Unit(place, place + 1, key)


def _is_read(character: str) -> bool:
    return character in _READ_MARKS or unicodedata.category(character)[0] in "LMNS"


def _key(text: str) -> str:
    return text.translate(_WIDE).replace("’", "'").casefold()
