"""Codes that people type: random bytes in letters and digits that nobody takes for each other."""

from __future__ import annotations

import re
from base64 import b32encode

# Without the letters I and O and the digits 0 and 1, which are mistaken for each other.
CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

_PART_OF_CODE = re.compile(f"[{CODE_ALPHABET}]+")
_FROM_BASE32 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", CODE_ALPHABET)
_SEPARATORS = str.maketrans("", "", " -\t\r\n\u3000")


def code_of(random: bytes) -> str:
    """The code of a multiple of 5 random bytes, without loss: base32 (RFC 4648) in the alphabet of codes."""
    assert random and len(random) % 5 == 0, "a code has no padding"
    return b32encode(random).decode().translate(_FROM_BASE32)


def code_as_written(text: str) -> str:
    """The code that somebody typed: spaces, hyphens and the case of letters do not matter."""
    return text.translate(_SEPARATORS).upper()


def is_part_of_code(text: str) -> bool:
    """Whether some code can contain it."""
    return _PART_OF_CODE.fullmatch(text) is not None
