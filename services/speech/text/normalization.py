"""Turns a cleaned sentence into one a grapheme-to-phoneme model can read: letters, Han characters,
punctuation.
"""

import re
import unicodedata
from enum import StrEnum

from services.speech.text.chinese import read_addresses_in_chinese, read_chinese
from services.speech.text.english import read_addresses_in_english, read_english


class Reading(StrEnum):
    """The language in which figures and symbols are read."""

    CHINESE = "zh"
    ENGLISH = "en"


_HAN = "\u3400-\u9fff"
_ISLAND = re.compile(rf"[^{_HAN}，。！？；：、（）《》「」『』【】“”]+")
_ENGLISH_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z][a-z']{1,40}(?![A-Za-z])")
_LETTER = re.compile(rf"[A-Za-z{_HAN}]")
_FOLDED = str.maketrans({"æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ß": "ss", "đ": "d", "ł": "l", "Ł": "L", "œ": "oe"})
_UNSPEAKABLE = re.compile(rf"[^A-Za-z{_HAN} ',.!?;:()\"—…，。！？；：、（）《》「」『』【】“”‘]+")
_LOOSE_APOSTROPHE = re.compile(r"(?<![A-Za-z])'|'(?![A-Za-z])")
_LOOSE_SPACE = re.compile(r" (?=[,.!?;:，。！？；：、])")
_SPACES = re.compile(r" {2,}")
_MIN_ENGLISH_WORDS = 3


def normalize(sentence: str, *, default_reading: Reading) -> str:
    """`sentence` with every figure and symbol in words, and nothing left that has no sound; empty if nothing
    has.

    Figures are read in Chinese next to Han characters and in English inside a stretch of at least three
    English words; `default_reading` decides where there are neither. Expects cleaned text; never raises.
    """
    if not any(map(str.isalnum, sentence)):
        return ""
    if _has_han(sentence):
        words = _read_mixed(read_addresses_in_chinese(sentence))
    elif default_reading is Reading.ENGLISH or _is_english(sentence):
        words = read_english(read_addresses_in_english(sentence))
    else:
        words = read_chinese(read_addresses_in_chinese(sentence))
    spoken = _SPACES.sub(" ", _UNSPEAKABLE.sub(" ", _fold_accents(words)))
    spoken = _LOOSE_SPACE.sub("", _LOOSE_APOSTROPHE.sub("", spoken)).strip()
    return spoken if _LETTER.search(spoken) else ""


def _read_mixed(sentence: str) -> str:
    parts = []
    start = 0
    for island in _ISLAND.finditer(sentence):
        if _is_english(island.group()):
            parts += [read_chinese(sentence[start : island.start()]), read_english(island.group())]
            start = island.end()
    return "".join([*parts, read_chinese(sentence[start:])])


def _is_english(text: str) -> bool:
    return len(_ENGLISH_WORD.findall(text)) >= _MIN_ENGLISH_WORDS


def _has_han(text: str) -> bool:
    return any("\u3400" <= char <= "\u9fff" for char in text)


def _fold_accents(text: str) -> str:
    if text.isascii():
        return text
    return "".join(_fold(char) for char in text.translate(_FOLDED))


def _fold(char: str) -> str:
    """`é` as `e`; every character that has no plain Latin letter at its core stays."""
    base = unicodedata.normalize("NFD", char)[0]
    return base if base.isascii() and base.isalpha() else char
