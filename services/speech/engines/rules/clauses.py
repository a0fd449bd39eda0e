"""Turns the clauses of a sentence around, where that cannot change what refers to what.

Only sentences of exactly two clauses are touched, whose second one begins with what it speaks of, by its name: then
nothing in it points back to the first.
"""

from __future__ import annotations

import re

from services.speech.engines.rules.segmentation import words_of

_CLAUSE = r"[^，,。；;！!？?：:、\s]{2,40}"
_MANDARIN: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"(?:因为|由于)({_CLAUSE})，(?:所以|因此|因而)({_CLAUSE})(。)?"), "{1}，这是因为{0}"),
    (re.compile(rf"(?:虽然|尽管)({_CLAUSE})，(?:但是|但|可是|不过|然而)({_CLAUSE})(。)?"), "{1}，尽管{0}"),
    (re.compile(rf"为了({_CLAUSE})，({_CLAUSE})(。)?"), "{1}，为的是{0}"),
)
# What a clause may begin with that speaks for itself, beside nouns.
_SPEAKERS = frozenset({"我", "我们", "你", "你们", "您", "大家", "咱们", "人们"})
# Adverbs that need the other clause in front of them.
_BOUND = re.compile(r"就|才|便|却|也|还|只好|只能|不得不|依旧|反而")

_ENGLISH = re.compile(
    r"(?P<link>Because|Although|Though|Unless|While|Since|If|When|Before|After) (?P<first>[^,.;:!?\n]{5,120}), "
    r"(?:then )?(?P<second>(?:the|a|an|we|I|our|my|people|everyone|everybody|nobody)\b[^,.;:!?\n]{4,120})\."
)


def turn_chinese(sentence: str) -> str:
    """The sentence with its clauses turned around, or as it is when that is not safe."""
    for pattern, order in _MANDARIN:
        match = pattern.fullmatch(sentence)
        if match is not None and _speaks_for_itself(match.group(2)):
            return order.format(match.group(1), match.group(2)) + (match.group(3) or "")
    return sentence


def turn_english(sentence: str) -> str:
    """The same for English. The tail of white space stays."""
    match = _ENGLISH.match(sentence)
    if match is None or sentence[match.end() :].strip():
        return sentence
    second = match.group("second")
    second = second[0].upper() + second[1:]
    return f"{second} {match.group('link').lower()} {match.group('first')}.{sentence[match.end() :]}"


def _speaks_for_itself(clause: str) -> bool:
    if _BOUND.search(clause):
        return False
    first = words_of(clause)[0]
    return first.text in _SPEAKERS or (first.tag.startswith(("n", "vn")) and not first.is_mark)
