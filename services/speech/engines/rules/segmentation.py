"""Mandarin in words: where nothing is replaced but whole words, nothing is torn."""

from __future__ import annotations

import re
from dataclasses import dataclass

import jieba.posseg

_HAN = re.compile(r"[\u4e00-\u9fff]")
_NAME_TAGS = ("nr", "ns", "nt", "nz")


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its part of speech, by the tags of jieba."""

    text: str
    tag: str

    @property
    def is_mark(self) -> bool:
        """Whether it is no word: punctuation, a space, something covered."""
        return _HAN.search(self.text) is None and not self.text.isalnum()

    @property
    def is_name(self) -> bool:
        """Whether it names a person, a place, an organisation or a brand."""
        return self.tag.startswith(_NAME_TAGS) and len(self.text) > 1


def words_of(text: str) -> list[Word]:
    """The words of a sentence; joined they are the sentence again."""
    return [Word(pair.word, pair.flag) for pair in jieba.posseg.cut(text)]


def is_chinese(text: str) -> bool:
    """Whether any of it is written in Han characters."""
    return _HAN.search(text) is not None
