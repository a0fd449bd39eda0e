"""Tokens as the dubbing contract counts and prices them, and text cut by them."""

from __future__ import annotations

import re

from services.speech.text.sentences import split_sentences

_CHARACTERS_PER_TOKEN = 4
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
# Latin letters with and without marks, digits, and their full-width forms.
_LATIN = "0-9A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff\uff10-\uff19\uff21-\uff3a\uff41-\uff5a"
_COUNTED = re.compile(f"(?P<cjk>[{_CJK}])|[{_LATIN}]+")
_CUT_AFTER = "，,、：:；;—）) "
# A figure like 1,280 or 3:30 stays whole.
_PIECE = re.compile(f"[{_LATIN}]+(?:[,.:][0-9]+)*[^{_CJK}{_LATIN}]*|[{_CJK}][^{_CJK}{_LATIN}]*|[^{_CJK}{_LATIN}]+")


def count_tokens(text: str) -> int:
    """Each CJK character is one, each run of latin letters or digits one per four characters, rounded up; nothing else
    counts. At least 1.
    """
    return max(1, _count(text))


def split_by_tokens(text: str, max_tokens: int | None) -> list[str]:
    """Consecutive pieces of `text`, each of at most `max_tokens`; joined they are `text` again.

    Whole sentences are packed together while they fit. A longer sentence is cut after a clause mark or a space where
    it has one, else between characters, and inside a run of letters only when the run alone is too long.
    """
    if max_tokens is None:
        return [text]
    pieces: list[str] = []
    fill = 0
    for part in (part for sentence in split_sentences(text, float("inf")) for part in _fit(sentence, max_tokens)):
        tokens = _count(part)
        if pieces and fill + tokens <= max_tokens:
            pieces[-1] += part
            fill += tokens
        else:
            pieces.append(part)
            fill = tokens
    return pieces


def _count(text: str) -> int:
    return sum(
        1 if match["cjk"] else -(-len(match.group()) // _CHARACTERS_PER_TOKEN) for match in _COUNTED.finditer(text)
    )


def _fit(sentence: str, max_tokens: int) -> list[str]:
    if _count(sentence) <= max_tokens:
        return [sentence]
    fitted: list[str] = []
    pending: list[str] = []
    fill = 0
    for piece in (part for match in _PIECE.finditer(sentence) for part in _halves(match.group(), max_tokens)):
        tokens = _count(piece)
        if pending and fill + tokens > max_tokens:
            cut = _last_break(pending)
            fitted.append("".join(pending[:cut]))
            pending = pending[cut:]
            fill = sum(map(_count, pending))
        pending.append(piece)
        fill += tokens
    return [*fitted, "".join(pending)]


def _last_break(pieces: list[str]) -> int:
    """How many of the pieces go before the cut: up to the last one that ends where a reader pauses, else all."""
    for index in range(len(pieces), 0, -1):
        if pieces[index - 1][-1] in _CUT_AFTER:
            return index
    return len(pieces)


def _halves(piece: str, max_tokens: int) -> list[str]:
    """A run of letters that is too long by itself, in pieces that are not."""
    width = max_tokens * _CHARACTERS_PER_TOKEN
    return [piece[start : start + width] for start in range(0, len(piece), width)]
