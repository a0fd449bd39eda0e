"""Brings a text closer to the length that is asked for, without adding or losing facts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from services.speech.engines.rules.english import starts_plainly
from services.speech.engines.rules.masking import Mask, is_covered
from services.speech.engines.rules.segmentation import is_chinese, words_of
from services.speech.engines.rules.sentences import Sentence
from services.speech.engines.rules.style import Chooser, Register

_TOO_LONG = 1.1
_TOO_SHORT = 0.9
_ASIDES = re.compile(r"（[^（）()]{1,80}）|\([^（）()]{1,80}\)")
_LINKS = (
    "但",
    "不过",
    "然而",
    "因此",
    "所以",
    "而且",
    "并且",
    "同时",
    "此外",
    "另外",
    "例如",
    "比如",
    "如果",
    "虽然",
    "尽管",
    "由于",
    "因为",
)
_TRANSITIONS: Mapping[Register, tuple[str, ...]] = MappingProxyType(
    {
        Register.NEUTRAL: ("具体来说，", "可以看到，", "从整体来看，", "不难发现，", "换个角度来说，", "进一步来看，"),
        Register.FORMAL: ("需要说明的是，", "具体而言，", "从总体情况来看，", "应当指出的是，", "综合来看，"),
        Register.LIVELY: ("你看，", "说起来呀，", "有意思的是，", "别忘了，", "悄悄告诉你，"),
        Register.SHORT: (),
    }
)
_OPENERS: Mapping[Register, str] = MappingProxyType(
    {
        Register.NEUTRAL: "下面就来具体说一说。",
        Register.FORMAL: "现就有关情况说明如下。",
        Register.LIVELY: "快来一起听听吧！",
    }
)
_CLOSERS: Mapping[Register, str] = MappingProxyType(
    {Register.NEUTRAL: "以上就是全部内容。", Register.FORMAL: "特此说明。", Register.LIVELY: "怎么样，是不是很有意思？"}
)
_ENGLISH_TRANSITIONS = ("In particular, ", "As we can see, ", "On the whole, ", "More precisely, ")


class Fitting:
    """Fits sentences to a length, in characters of the restored text."""

    def __init__(self, mask: Mask, target: float, *, register: Register, chooser: Chooser) -> None:
        self._mask = mask
        self._target = target
        self._register = register
        self._chooser = chooser

    def fit(self, sentences: Sequence[Sentence]) -> list[Sentence]:
        """Shortened or lengthened as far as the rules reach; never empty."""
        size = self._size(sentences)
        if size > self._target * _TOO_LONG:
            return self._shorten(list(sentences))
        if size < self._target * _TOO_SHORT:
            return self._lengthen(list(sentences))
        return list(sentences)

    def _shorten(self, sentences: list[Sentence]) -> list[Sentence]:
        excess = self._size(sentences) - self._target
        for place, sentence in enumerate(sentences):
            if excess <= 0:
                return sentences
            body = _ASIDES.sub(_without_aside, sentence.body)
            if body.strip("，。,. ！!？?"):
                excess -= self._mask.length(sentence.body) - self._mask.length(body)
                sentences[place] = replace(sentence, body=body)
        dispensable = [
            place for place, sentence in enumerate(sentences) if place and sentence.body and not sentence.is_kept
        ]
        gone = set()
        for place in sorted(dispensable, key=lambda place: (len(sentences[place].body), -place)):
            size = self._mask.length(sentences[place].body)
            # Rather a little too long than far too short.
            if excess <= 0 or size > 2 * excess:
                continue
            gone.add(place)
            excess -= size
        return [replace(each, body="") if place in gone else each for place, each in enumerate(sentences)]

    def _lengthen(self, sentences: list[Sentence]) -> list[Sentence]:
        missing = self._target - self._size(sentences)
        spoken = [place for place, sentence in enumerate(sentences) if sentence.body]
        for place in spoken[1:]:
            sentence = sentences[place]
            addition = self._transition(sentence.body)
            if not addition or len(addition) > missing:
                continue
            body = sentence.body if is_chinese(sentence.body) else sentence.body[0].lower() + sentence.body[1:]
            sentences[place] = replace(sentence, body=addition + body)
            missing -= len(addition)
        if not spoken or not is_chinese(sentences[spoken[0]].body):
            return sentences
        opener, closer = _OPENERS.get(self._register, ""), _CLOSERS.get(self._register, "")
        if opener and len(opener) <= missing:
            first = sentences[spoken[0]]
            sentences[spoken[0]] = replace(first, body=opener + first.body)
            missing -= len(opener)
        last = sentences[spoken[-1]]
        if closer and len(closer) <= missing and last.body.endswith(("。", "！", "？")):
            sentences[spoken[-1]] = replace(last, body=last.body + closer)
        return sentences

    def _transition(self, body: str) -> str:
        if not is_chinese(body):
            return self._chooser.pick(body, _ENGLISH_TRANSITIONS) if starts_plainly(body) else ""
        options = _TRANSITIONS[self._register]
        return self._chooser.pick(body, options) if options and not body.startswith(_LINKS) else ""

    def _size(self, sentences: Sequence[Sentence]) -> int:
        return sum(self._mask.length(sentence.text) for sentence in sentences)


def _without_aside(match: re.Match[str]) -> str:
    aside = match.group()
    is_kept = is_covered(aside) or any(char.isascii() and char.isalnum() for char in aside)
    return aside if is_kept or any(word.is_name for word in words_of(aside)) else ""
