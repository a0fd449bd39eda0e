"""Whether what must survive a rewrite has: figures, addresses, titles and names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from decimal import Decimal

from services.speech.text.addresses import address_spans
from services.speech.text.chinese_numbers import read_digits, read_integer
from services.speech.text.names import name_spans
from services.speech.text.protected import latin_spans

_TITLES = re.compile(r"《[^》\n]{1,200}》")
_NUMBER = re.compile(r"[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?")
_SENTENCE_START = re.compile(r"(?:\A|[。.!?:;\"“”‘(\[\n—-])\s*\Z")
_LONGEST_GAP = 4
_MIN_NAME_CHARS = 2
# Written with a capital wherever they stand, and no names.
_CAPITALS = frozenset({"I", "I'm", "I've", "I'll", "I'd"})


def lost_tokens(original: str, rewritten: str) -> tuple[str, ...]:
    """Tokens of the original that are missing, each once, in their order. Figures may have been spelt otherwise."""
    before, after = _plain(original), _plain(rewritten)
    # Looked for as they were written: full stops that were an ellipsis would look like part of an address.
    lost = [token for token in map(_plain, _verbatim(original)) if token not in after]
    folded = after.casefold()
    lost += [name for name in _latin_names(before) if name.casefold() not in folded]
    # One that stands alone in the original may touch a word in the result, or the other way round.
    numbers = {_value(number) for number in (*_NUMBER.findall(after), *_lone_numbers(after))}
    for number in _lone_numbers(before):
        if _value(number) not in numbers and not _is_spelt_out(number, after):
            lost.append(number)
    return tuple(dict.fromkeys(lost))


def _plain(text: str) -> str:
    """Without the difference between full and half width, which says nothing."""
    # As three full stops an ellipsis would join the words beside it.
    return unicodedata.normalize("NFKC", text.replace("…", "。"))


def _verbatim(text: str) -> Iterator[str]:
    for start, end in (*address_spans(text), *name_spans(text)):
        yield text[start:end]
    for match in _TITLES.finditer(text):
        yield match.group()


def _lone_numbers(text: str) -> list[str]:
    """Numbers that are no part of an address or of a word."""
    return _NUMBER.findall(_without(text, [*address_spans(text), *latin_spans(text)]))


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    kept, position = [], 0
    for start, end in sorted(spans):
        kept.append(text[position : max(start, position)])
        position = max(end, position)
    return " ".join([*kept, text[position:]])


def _latin_names(text: str) -> Iterator[str]:
    """Latin words that name something: all of them in Chinese, those that stand out by their spelling in English."""
    text = _without(text, address_spans(text))
    for start, end in latin_spans(text):
        word = text[start:end]
        if len(word) < _MIN_NAME_CHARS or word in _CAPITALS:
            continue
        stands_out = any(char.isdigit() or char.isupper() for char in word[1:])
        is_inner_capital = word[0].isupper() and _is_inside(text, start)
        is_contraction = "'" in word or "’" in word
        if not is_contraction and (stands_out or is_inner_capital or _is_among_han(text, start, end)):
            yield word


def _is_inside(text: str, start: int) -> bool:
    """Whether a capital at this place cannot come from the beginning of a sentence."""
    return _SENTENCE_START.search(text[max(0, start - _LONGEST_GAP) : start]) is None


def _is_among_han(text: str, start: int, end: int) -> bool:
    around = text[max(0, start - 2) : start].strip()[-1:] + text[end : end + 2].strip()[:1]
    return any("\u4e00" <= char <= "\u9fff" for char in around)


def _value(number: str) -> str:
    """One spelling for each number: without separators, and without what a decimal point does not need."""
    bare = number.replace(",", "")
    return str(Decimal(bare).normalize()) if "." in bare else bare


def _is_spelt_out(number: str, text: str) -> bool:
    bare = number.replace(",", "")
    return bare.isdecimal() and (read_integer(bare) in text or read_digits(bare) in text)
