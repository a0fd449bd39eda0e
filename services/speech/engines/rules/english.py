"""Replaces words of an English sentence, where their form and the words around them allow it."""

from __future__ import annotations

import re
from functools import cache

from services.speech.engines.rules.lexicon import Entry, english_lexicon
from services.speech.engines.rules.style import Chooser, Style

_ARTICLE = re.compile(r"\b(?:an?)\s+\Z", re.IGNORECASE)
_BEFORE = re.compile(r"[\s\"'“‘(\[*>-]*\Z")
_FOLLOWING_WORD = re.compile(r"\s[A-Za-z]")
_DENIAL = re.compile(r"(?:\b(?:not|no|never|nor)|n['’]t)\s+\Z", re.IGNORECASE)
_LONGEST_LOOK_BACK = 8
_INNER_NAME = re.compile(r"\b[A-Z0-9]")
# Words with a capital at the head of a sentence that are certainly no names.
_PLAIN_STARTS = re.compile(
    r"(?:The|An?|We|They|He|She|It|This|These|Those|That|Our|Their|My|Your|His|Her|Its|People|There|Everyone|Everybody"
    r"|Some|Most|Many|All|Such|Both|Each|Every|You) "
)
_VOWELS = "aeiou"


def replace_english(sentence: str, style: Style, chooser: Chooser) -> str:
    """The sentence with every word replaced that may be. Words with capitals inside a sentence are names."""
    lexicon = english_lexicon()

    def replace(match: re.Match[str]) -> str:
        entry = lexicon.get(match.group().lower())
        if entry is None or not _may_replace(sentence, match, entry):
            return match.group()
        chosen = entry.choose(style, chooser)
        if not _fits_article(sentence, match, chosen):
            return match.group()
        return chosen[0].upper() + chosen[1:] if match.group()[0].isupper() else chosen

    return _words().sub(replace, sentence)


def starts_plainly(sentence: str) -> bool:
    """Whether the sentence begins with a word that loses its capital inside a sentence."""
    return _PLAIN_STARTS.match(sentence) is not None


def has_name(sentence: str) -> bool:
    """Whether a word or figure in it may name something."""
    start = _PLAIN_STARTS.match(sentence)
    return start is None or _INNER_NAME.search(sentence, start.end()) is not None


@cache
def _words() -> re.Pattern[str]:
    words = sorted(english_lexicon(), key=len, reverse=True)
    return re.compile(rf"(?<![\w'’-])(?:{'|'.join(map(re.escape, words))})(?![\w'’-])", re.IGNORECASE)


def _may_replace(sentence: str, match: re.Match[str], entry: Entry) -> bool:
    word = match.group()
    starts = _BEFORE.match(sentence[: match.start()]) is not None
    has_fitting_case = word.islower() or (starts and word[1:].islower())
    if not has_fitting_case or (entry.starts_clause and not starts):
        return False
    if entry.precedes_word and _FOLLOWING_WORD.match(sentence, match.end()) is None:
        return False
    return _DENIAL.search(_before(sentence, match)) is None


def _fits_article(sentence: str, match: re.Match[str], chosen: str) -> bool:
    if _ARTICLE.search(_before(sentence, match)) is None:
        return True
    return (match.group()[0].lower() in _VOWELS) == (chosen[0].lower() in _VOWELS)


def _before(sentence: str, match: re.Match[str]) -> str:
    return sentence[max(0, match.start() - _LONGEST_LOOK_BACK) : match.start()]
