"""Reduces arbitrary Unicode to the characters later stages know: Han, ASCII letters and digits, symbols,
punctuation.
"""

import unicodedata
from functools import lru_cache

# Kept as they are: the Chinese sentence and clause marks that NFKC would turn into their ASCII cousins.
_CHINESE_PUNCTUATION = frozenset("，。！？；：、（）《》「」『』【】“”‘’…—·～")
_REPLACEMENTS = {
    "\u3000": " ",
    "\u00a0": " ",
    "\r": "\n",
    "\u2028": "\n",
    "\u2029": "\n",
    "\t": " ",
    "〇": "零",
    "–": "-",
    "‐": "-",
    "‑": "-",
    "‒": "-",
    "−": "-",
    "―": "—",
    "⁄": "/",
    "’": "'",
    "￥": "¥",
    "．": ".",
    "｡": "。",
    "､": "、",
    "〜": "～",
    "∶": ":",
}
# Symbols that mean something when read aloud; every other symbol (emoji, arrows, box drawing) is dropped.
_SPOKEN_SYMBOLS = frozenset("+-=<>~^|°×÷±≈≤≥≠∞$¥€£%‰&@#*/\\_`")
_MAX_EXPANSION = 4  # the longer ones are ligatures of unsupported scripts, and would let a text grow eighteenfold
_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Me", "Sk"})


def clean(text: str) -> str:
    """`text` in half-width characters, without control characters, emoji, variation selectors and stray
    marks.

    Line breaks survive as single line feeds, since they end sentences. Never raises.
    """
    kept: list[str] = []
    for char in text.replace("\r\n", "\n"):
        if unicodedata.combining(char):
            # Composing pairwise instead of normalising the whole text: canonical ordering is quadratic in a
            # long run of marks, which a hostile input would use.
            _compose(kept, char)
        else:
            kept.append(_plain(char))
    return "".join(kept)


def _compose(kept: list[str], mark: str) -> None:
    if kept and len(kept[-1]) == 1:
        composed = unicodedata.normalize("NFC", kept[-1] + mark)
        if len(composed) == 1:
            kept[-1] = composed


@lru_cache(maxsize=8192)
def _plain(char: str) -> str:
    if char in _CHINESE_PUNCTUATION and char != "’":
        return char
    if char in _REPLACEMENTS:
        return _REPLACEMENTS[char]
    if char == "\n" or " " <= char <= "~":
        return char
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(char)
    if category in _DROPPED_CATEGORIES:
        return ""
    folded = unicodedata.normalize("NFKC", char)
    if len(folded) > _MAX_EXPANSION:
        return ""
    if folded != char:
        return "".join(_plain(part) for part in folded)
    if category.startswith("S"):
        return char if char in _SPOKEN_SYMBOLS else ""
    return " " if category.startswith("Z") else char
