"""Replaces words of a Mandarin sentence, where the words around them allow it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.speech.engines.rules.lexicon import Entry, chinese_lexicon
from services.speech.engines.rules.segmentation import Word
from services.speech.engines.rules.style import Chooser, Register, Style

# Behind these a word has another sense than by itself ("不能够" is no "不可以").
_DENIALS = ("不", "没", "没有", "未", "别", "非", "无", "莫", "勿")
# Behind these a verb stands for a thing.
_BEFORE_THINGS = frozenset(
    {"的", "有", "很有", "进行", "受到", "予以", "加以", "具有", "起", "个", "种", "项", "次", "些", "场", "份", "之"}
)
# In front of these a word is only the first half of another.
_COMPLEMENTS = frozenset(
    {"到", "于", "起来", "下去", "下来", "出来", "起", "出", "成", "为", "性", "者", "率", "力", "化", "感", "度"}
)
# What cannot stand without the word in front of it.
_HANGING = frozenset({"，", ",", "。", "地", "的", "是"})
_PARTICLES = re.compile(r"[啊呀哦哟啦嘛呗哈嘞咯嘿]+(?=[。！？!?，,~～]|\Z)")
_EXCLAMATIONS = re.compile(r"[！!]+")
_WAVES = re.compile(r"[~～]+(?=[。！？!?，,]|\Z)")
# Words that only add weight.
_OPTIONAL = re.compile(
    r"非常|十分|特别|格外|极其|极为|相当|尤其|确实|的确|其实|实际上|事实上|基本上|"
    r"真的|当然|显然|毫无疑问|众所周知|说实话|老实说|总的来说|可以说|不得不说|"
    r"值得一提的是|一般来说|简单来说|换句话说|也就是说"
)


def replace_words(words: Sequence[Word], style: Style, chooser: Chooser) -> str:
    """The sentence with every word replaced that may be."""
    lexicon = chinese_lexicon()
    written: list[str] = []
    for place, word in enumerate(words):
        entry = lexicon.get(word.text)
        text = word.text
        if entry is not None and _may_replace(words, place, entry):
            chosen = entry.choose(style, chooser)
            if not _collides(chosen, written, words, place):
                text = chosen
        written.append(text)
    return "".join(written)


def drop_optional(words: Sequence[Word]) -> list[Word]:
    """The sentence without words that only add weight, where nothing hangs on them."""
    return [word for place, word in enumerate(words) if not _is_dispensable(words, place)]


def set_tone(sentence: str, register: Register) -> str:
    """The sentence without what does not fit its register."""
    if register not in (Register.FORMAL, Register.SHORT):
        return sentence
    toned = _WAVES.sub("", _PARTICLES.sub("", sentence))
    toned = _EXCLAMATIONS.sub("。", toned) if register is Register.FORMAL else toned
    return toned if any(char.isalnum() for char in toned) else sentence


def _is_dispensable(words: Sequence[Word], place: int) -> bool:
    if _OPTIONAL.fullmatch(words[place].text) is None or place + 1 == len(words) or _is_denied(words, place):
        return False
    return words[place + 1].text not in _HANGING


def _may_replace(words: Sequence[Word], place: int, entry: Entry) -> bool:
    word = words[place]
    before = words[place - 1] if place else None
    after = words[place + 1] if place + 1 < len(words) else None
    if entry.tags and word.tag[:1] not in entry.tags:
        return False
    if entry.starts_clause and before is not None and not before.is_mark:
        return False
    if entry.precedes_mark and (after is None or not after.is_mark):
        return False
    if entry.precedes_word and (after is None or after.is_mark or after.tag[:1] in "uy"):
        return False
    if word.tag.startswith("v") and _stands_for_thing(before, after):
        return False
    if after is not None and (after.text in _COMPLEMENTS or after.text == word.text):
        return False
    return not _is_denied(words, place)


def _stands_for_thing(before: Word | None, after: Word | None) -> bool:
    """Whether a verb between these is one in form only, as in "隐私保护" at the end of a clause."""
    if before is None:
        return False
    ends_compound = before.tag.startswith(("n", "b")) and (after is None or after.is_mark)
    return ends_compound or before.text in _BEFORE_THINGS


def _is_denied(words: Sequence[Word], place: int) -> bool:
    return place > 0 and words[place - 1].text.endswith(_DENIALS)


def _collides(chosen: str, written: Sequence[str], words: Sequence[Word], place: int) -> bool:
    """Whether the new word would stammer with those beside it."""
    before = written[-1] if written else ""
    after = words[place + 1].text if place + 1 < len(words) else ""
    if before and (before[-1] == chosen[0] or before == chosen):
        return True
    return bool(after) and (after[0] == chosen[-1] or after == chosen)
