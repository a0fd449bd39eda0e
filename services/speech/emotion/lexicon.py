"""From a description in words to an emotion vector, offline: Chinese and English, by the words of `words.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from services.speech.emotion.vector import Emotion, EmotionVector

_PLAIN = 0.7
_STRONG = 1.0
_WEAK = 0.35
# How far before a word its degree and its negation may stand.
_HAN_REACH = 5
_WORD_REACH = 3
_CLAUSE = re.compile(r"[，。！？；、,.!?;:：\n]|但是|但|而是|\bbut\b|\byet\b")
_ENGLISH = re.compile(r"[a-z]+(?:'[a-z]+)?")
# "非" negates, but not inside "非常"; "不" does not inside "不满".
_SHARED = (
    "非常",
    "不耐烦",
    "不满",
    "不安",
    "不屑",
    "不可思议",
    "意想不到",
    "怒不可遏",
    "不得不",
    "忍不住",
    "无比",
    "无奈",
    "无力",
    "特别",
)


@dataclass(frozen=True, slots=True)
class _Words:
    """`emotions` maps a word to what it tells; the others change the word that follows."""

    emotions: Mapping[str, tuple[Emotion, ...]]
    strong: frozenset[str]
    weak: frozenset[str]
    negations: frozenset[str]


def emotion_of_text(text: str) -> EmotionVector:
    """The emotions a description names, all zeros when it names none.

    A word counts 0.7, more or less with a word of degree before it, and nothing when it is negated; of several words
    for one emotion the strongest counts.
    """
    strengths = dict.fromkeys(Emotion, 0.0)
    for clause in _CLAUSE.split(text.lower().replace("’", "'")):
        for emotion, strength in (*_chinese(clause), *_english(clause)):
            strengths[emotion] = max(strengths[emotion], strength)
    return tuple(strengths.values())


def _chinese(clause: str) -> list[tuple[Emotion, float]]:
    words = _words("zh")
    found = []
    end = 0
    for match in _pattern().finditer(clause):
        before = clause[max(end, match.start() - _HAN_REACH) : match.start()]
        end = match.end()
        strength = _degree(before, words)
        found += [(emotion, strength) for emotion in words.emotions[match.group()]]
    return found


def _degree(before: str, words: _Words) -> float:
    negatable = before
    for shared in _SHARED:
        negatable = negatable.replace(shared, " ")
    if any(word in negatable for word in words.negations):
        return 0.0
    if any(word in before for word in words.weak):
        return _WEAK
    return _STRONG if any(word in before for word in words.strong) else _PLAIN


def _english(clause: str) -> list[tuple[Emotion, float]]:
    words = _words("en")
    spoken = _ENGLISH.findall(clause)
    found = []
    for position, word in enumerate(spoken):
        if word not in words.emotions:
            continue
        before = frozenset(spoken[max(0, position - _WORD_REACH) : position])
        strength = _PLAIN
        if before & words.negations:
            strength = 0.0
        elif before & words.weak:
            strength = _WEAK
        elif before & words.strong:
            strength = _STRONG
        found += [(emotion, strength) for emotion in words.emotions[word]]
    return found


@cache
def _words(language: str) -> _Words:
    document = tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
    emotions: dict[str, tuple[Emotion, ...]] = {}
    for emotion in Emotion:
        for word in document[emotion.value][language]:
            emotions[word] = (*emotions.get(word, ()), emotion)
    return _Words(
        emotions=emotions,
        strong=frozenset(document["strong"][language]),
        weak=frozenset(document["weak"][language]),
        negations=frozenset(document["not"][language]),
    )


@cache
def _pattern() -> re.Pattern[str]:
    longest_first = sorted(_words("zh").emotions, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))
