"""The rules from one end to the other: a text and a style in, the rewritten text and what must be said about it out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from services.speech.engines.base import RewriteRequest
from services.speech.engines.rules.chinese import drop_optional, replace_words, set_tone
from services.speech.engines.rules.clauses import turn_chinese, turn_english
from services.speech.engines.rules.english import has_name, replace_english
from services.speech.engines.rules.length import Fitting
from services.speech.engines.rules.masking import Mask, is_covered
from services.speech.engines.rules.segmentation import is_chinese, words_of
from services.speech.engines.rules.sentences import Sentence, sentences_of
from services.speech.engines.rules.style import Chooser, Length, Style, is_understood, style_of

_LATIN_OR_DIGIT = re.compile(r"[A-Za-z0-9]")
_FAR_OFF = 0.25
_NOTHING_TO_DO = "离线规则引擎没有找到可以改写的词句，已返回原文"
_NOT_UNDERSTOOD = "离线规则引擎只能识别正式、活泼、简洁等要求，已按默认方式改写"


@dataclass(frozen=True, slots=True)
class Written:
    """The new text in the pieces it was made in, and warnings for the client, in Chinese."""

    pieces: tuple[str, ...]
    warnings: tuple[str, ...]


def write(request: RewriteRequest, seed: str) -> Written:
    """Rewrites by rules: the same for the same request and seed, in time linear in the text."""
    style, chooser = style_of(request), Chooser(seed)
    mask = Mask(request.text)
    sentences = [_rewritten(sentence, style, chooser) for sentence in sentences_of(mask.text)]
    target = len(request.text) * style.ratio
    fitted = Fitting(mask, target, register=style.register, chooser=chooser).fit(sentences)
    pieces = tuple(mask.restore(sentence.text) for sentence in fitted)
    text = "".join(pieces)
    return Written(tuple(filter(None, pieces)), tuple(_warnings(request, text, target)))


def _rewritten(sentence: Sentence, style: Style, chooser: Chooser) -> Sentence:
    if not sentence.body:
        return sentence
    if is_chinese(sentence.body):
        return _rewritten_chinese(sentence, style, chooser)
    turned = turn_english(sentence.body) if chooser.pick(sentence.body, (True, False)) else sentence.body
    is_kept = is_covered(turned) or has_name(turned)
    return replace(sentence, body=replace_english(turned, style, chooser), is_kept=is_kept)


def _rewritten_chinese(sentence: Sentence, style: Style, chooser: Chooser) -> Sentence:
    turned = turn_chinese(sentence.body) if chooser.pick(sentence.body, (True, False)) else sentence.body
    words = words_of(set_tone(turned, style.register))
    is_kept = is_covered(turned) or _LATIN_OR_DIGIT.search(turned) is not None or any(word.is_name for word in words)
    if style.length is Length.SHORTER:
        words = drop_optional(words)
    return replace(sentence, body=replace_words(words, style, chooser), is_kept=is_kept)


def _warnings(request: RewriteRequest, text: str, target: float) -> Iterator[str]:
    if not is_understood(request):
        yield _NOT_UNDERSTOOD
    if text == request.text:
        yield _NOTHING_TO_DO
    if abs(len(text) - target) > max(target * _FAR_OFF, 2):
        yield f"离线规则引擎未能达到要求的长度：目标约 {round(target)} 个字符，实际 {len(text)} 个"
