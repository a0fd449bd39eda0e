"""What a rewrite leaves as it is: addresses, quotations, titles, figures, names and Latin terms."""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.speech.text.addresses import address_spans
from services.speech.text.names import name_spans

_QUOTATIONS = re.compile(
    r"“[^”\n]{1,500}”|‘[^’\n]{1,500}’|「[^」\n]{1,500}」|『[^』\n]{1,500}』|《[^》\n]{1,200}》"
    r"|\"[^\"\n]{1,500}\"|`[^`\n]{1,500}`"
)
# A year, a date, a time, an amount: one thing, with the marks and units inside it.
_FIGURES = re.compile(
    r"[-+±$€£¥￥]?[0-9０-９](?:[0-9０-９.,:/\-~～×年月日号时点分秒万亿千百%％‰℃°]{0,60}[0-9０-９年月日号时点分秒万亿千百%％‰℃°])?"
)
_HAN_DIGITS = "零〇一二三四五六七八九两"
_HAN_PLACES = "十百千万亿"
_HAN_FIGURES = re.compile(
    rf"第[{_HAN_DIGITS}{_HAN_PLACES}]{{1,12}}"
    rf"|[{_HAN_DIGITS}{_HAN_PLACES}]{{1,12}}分之[{_HAN_DIGITS}{_HAN_PLACES}]{{1,12}}"
    rf"|[{_HAN_DIGITS}{_HAN_PLACES}]{{2,16}}(?:点[{_HAN_DIGITS}]{{1,8}})?"
)
_LATIN = re.compile(r"[#@]?[A-Za-z][A-Za-z0-9_.+#&'’/-]{0,80}[A-Za-z0-9_+#]|[#@]?[A-Za-z]")

Span = tuple[int, int]


def protected_spans(text: str) -> list[Span]:
    """Stretches of the text that must stay, in order and apart from each other. Latin words are not among them: what
    of them is a name depends on the language around it."""
    found = [*address_spans(text), *name_spans(text)]
    for pattern in (_QUOTATIONS, _FIGURES, _HAN_FIGURES):
        found.extend(match.span() for match in pattern.finditer(text))
    # Fractions, circled and other figures of their own.
    found.extend((at, at + 1) for at, char in enumerate(text) if char.isnumeric() and not "\u3400" <= char <= "\u9fff")
    return _merged(found)


def latin_spans(text: str) -> Iterator[Span]:
    """Words in Latin letters, with the figures and marks inside them."""
    for match in _LATIN.finditer(text):
        yield match.span()


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
