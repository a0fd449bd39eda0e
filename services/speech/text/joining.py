"""Sentences as one text."""

from __future__ import annotations

from collections.abc import Iterable

from services.speech.text.runs import Script, script_of

_CHINESE_MARKS = frozenset("，。？！；：、…”》）")


def joined(sentences: Iterable[str]) -> str:
    """The sentences one after another, with a space where their script has one."""
    text = ""
    for sentence in sentences:
        needs_space = text and sentence and not (_is_chinese(text[-1]) or _is_chinese(sentence[0]))
        text += f" {sentence}" if needs_space else sentence
    return text


def _is_chinese(character: str) -> bool:
    return character in _CHINESE_MARKS or script_of(character) is Script.HAN
