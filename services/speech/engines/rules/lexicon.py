"""The tables of words that may stand for each other. Their format is told at the head of each file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from services.speech.engines.rules.style import Chooser, Length, Register, Style

_FOLDER = Path(__file__).parent
_REGISTERS: Mapping[str, Register] = MappingProxyType({"f": Register.FORMAL, "l": Register.LIVELY})
_ANYWHERE = "*"


@dataclass(frozen=True, slots=True)
class Alternative:
    """What may stand in a word's place; only in texts of its register, if it has one."""

    text: str
    register: Register | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A word, where it may be replaced, and by what. `tags` are first letters of parts of speech, empty for any."""

    word: str
    tags: str
    starts_clause: bool
    precedes_mark: bool
    precedes_word: bool
    alternatives: tuple[Alternative, ...]

    def choose(self, style: Style, chooser: Chooser) -> str:
        """The alternative that a text of this style takes wherever the word stands; the word itself if none fits."""
        fitting = [each.text for each in self.alternatives if each.register is style.register]
        fitting = fitting or [each.text for each in self.alternatives if each.register is None]
        size = len(self.word)
        if style.length is Length.SHORTER or style.register is Register.SHORT:
            fitting = [text for text in fitting if len(text) <= size]
        elif style.length is Length.LONGER:
            fitting = [text for text in fitting if len(text) > size] or fitting
        return chooser.pick(self.word, fitting) if fitting else self.word


Lexicon = Mapping[str, Entry]


@cache
def chinese_lexicon() -> Lexicon:
    """Mandarin, by word."""
    return _load("chinese_lexicon.txt")


@cache
def english_lexicon() -> Lexicon:
    """English, by word in small letters; joined words with spaces."""
    return _load("english_lexicon.txt")


def _load(name: str) -> Lexicon:
    entries: dict[str, Entry] = {}
    for line in (_FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            entry = _entry(line)
            assert entry.word not in entries, f"{entry.word} stands twice in {name}"
            entries[entry.word] = entry
    return MappingProxyType(entries)


def _entry(line: str) -> Entry:
    word, where, alternatives = line.split(" ")
    return Entry(
        word=word.replace("_", " "),
        tags="" if _ANYWHERE in where else where.rstrip("^$+"),
        starts_clause="^" in where,
        precedes_mark="$" in where,
        precedes_word="+" in where,
        alternatives=tuple(_alternative(each) for each in alternatives.split(",")),
    )


def _alternative(written: str) -> Alternative:
    text, _, register = written.partition("/")
    return Alternative(text.replace("_", " "), _REGISTERS[register] if register else None)
