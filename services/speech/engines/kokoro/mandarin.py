"""Mandarin text to Kokoro's phonemes: words by jieba, their readings by pypinyin, the notation by misaki.

A dictionary knows how words are read. Particles, and characters that stand alone, are read by what is around them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

import jieba
from misaki.zh import ZHG2P
from pypinyin import Style, lazy_pinyin

from services.speech.engines.kokoro.pronunciation import Pronounced

_HAN_RUN = re.compile(r"[\u3400-\u9fff]+")
_NON_SYLLABIC = "\u032f"
_NUMERAL = "零一二两三四五六七八九十百千万亿几半"
# The first that fits a place counts. `at` is the character that is read so.
_BY_CONTEXT = tuple(
    (re.compile(pattern), syllable)
    for pattern, syllable in (
        # long, where nothing grows and nobody heads anything
        (r"[很太最更挺够真多么较过不细全身](?P<at>长)(?![高大得出])", "chang2"),
        (rf"(?:^|[^增成生延助滋])(?P<at>长)(?=[约达为]?[{_NUMERAL}][{_NUMERAL}多点]*[米厘毫公里尺寸])", "chang2"),
        # the measure word
        (rf"[{_NUMERAL}每](?P<at>只)(?![要有能是好会想剩顾见知可怕])", "zhi1"),
        (r"[这那](?P<at>只)(?=[小大老黑白花]?[猫狗鸟鸡鸭手眼耳船箱鞋虎兔])", "zhi1"),
        # to count
        (r"(?P<at>数)(?=[了过着]?一?[遍数])", "shu3"),
        (rf"(?:数一|从[{_NUMERAL}])(?P<at>数)", "shu3"),
        # again
        (r"(?P<at>重)(?=[来写做走读说唱画算学玩考排传发试])", "chong2"),
        # to give back
        (r"(?P<at>还)(?=[钱债款账贷])", "huan2"),
        # a line
        (rf"[{_NUMERAL}](?P<at>行)(?=[字诗文代泪树])", "hang2"),
        # to teach somebody
        (r"(?P<at>教)(?=[我你您他她它大孩小给得过了])", "jiao1"),
    )
)
# Before 得 in words that are about getting something.
_GETTING = frozenset("获取所难心赢博夺求不只应自贪")
_HAVING_TO = frozenset("我你您他她它们谁就也都又才还总非")
_NO_PARTICLE_BEFORE = frozenset("了到") | frozenset(_NUMERAL)
# Before 地 where it is the ground.
_GROUNDS = frozenset("块片亩这那的本土田此某草荒空两每国")


class MandarinPhonemizer:
    """Loads jieba's dictionary at the first text."""

    def pronounce(self, text: str) -> Iterator[Pronounced]:
        """Text without Latin letters and figures, character by character; what nobody can read has no phonemes."""
        marked = str(ZHG2P.map_punctuation(text))
        position = 0
        for run in _HAN_RUN.finditer(marked):
            yield Pronounced("", marked[position : run.start()])
            yield from _pronounced(run.group())
            position = run.end()
        yield Pronounced("", marked[position:])


def readings_of(run: str) -> list[list[str]]:
    """How Han characters are read, word by word: pinyin with the tone behind it, 5 for none."""
    words = jieba.lcut(run)
    told = {**dict(_particles(words)), **_told_by_context(run)}
    starts = accumulate(map(len, words), initial=0)
    return [
        [told.get(place, usual) for place, usual in enumerate(_usual(word), start)]
        for word, start in zip(words, starts, strict=False)
    ]


def _usual(word: str) -> list[str]:
    """One for each character; what has no reading stands for itself."""
    syllables = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True)
    if len(syllables) == len(word):
        return syllables
    return [lazy_pinyin(char, style=Style.TONE3, neutral_tone_with_five=True)[0] for char in word]


def _told_by_context(run: str) -> dict[int, str]:
    told: dict[int, str] = {}
    for pattern, syllable in _BY_CONTEXT:
        for match in pattern.finditer(run):
            told.setdefault(match.start("at"), syllable)
    return told


def _particles(words: list[str]) -> Iterator[tuple[int, str]]:
    """得 and 地 where they only join words, or where 得 is a duty, by their places."""
    place = 0
    for before, word, behind in zip(["", *words], words, [*words[1:], ""], strict=False):
        if "得" in word:
            yield from ((place + index, syllable) for index, syllable in _readings_of_de(before, word, behind))
        if _is_lone_ground(word) and len(before) > 1 and before[-1] not in _GROUNDS and (behind or len(word) > 1):
            yield place, "de5"
        place += len(word)


def _readings_of_de(before: str, word: str, behind: str) -> Iterator[tuple[int, str]]:
    if len(word) > 1:
        yield from (
            (index, "de5")
            for index, usual in enumerate(_usual(word))
            if word[index] == "得" and usual == "de2" and index and word[index - 1] not in _GETTING
        )
    elif before and behind[:1] not in _NO_PARTICLE_BEFORE:
        yield 0, "dei3" if before[-1] in _HAVING_TO else "de5"


def _is_lone_ground(word: str) -> bool:
    """Whether no dictionary knows 地 together with what jieba has put behind it."""
    return word == "地" or (word.startswith("地") and word not in jieba.dt.FREQ)


def _pronounced(run: str) -> Iterator[Pronounced]:
    characters = iter(run)
    for number, word in enumerate(readings_of(run)):
        if number:
            yield Pronounced("", " ")
        for place, syllable in enumerate(word):
            yield Pronounced(next(characters), _notation(syllable), goes_on=place > 0)


def _notation(syllable: str) -> str:
    try:
        return str(ZHG2P.py2ipa(syllable)).replace(_NON_SYLLABIC, "")
    except Exception:  # the library has no error type of its own; it fails on readings outside its tables
        return ""
