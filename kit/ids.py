"""The one source of ids. Everything that makes an id gets an IdSource, so that tests can foresee it."""

from __future__ import annotations

import secrets
import time
import uuid
from typing import Protocol

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
# 26 characters of 36 carry 134 bits.
_RANDOM_CHARACTERS = 26


class IdSource(Protocol):
    """Makes ids nobody can guess, and ids that sort by time."""

    def random(self, prefix: str = "") -> str:
        """The prefix and 26 characters of [0-9a-z] from a cryptographic source (134 bits)."""
        ...

    def uuid(self) -> str:
        """A random UUID (version 4)."""
        ...

    def ordered(self) -> str:
        """A UUID that sorts by creation time to the millisecond (version 7, RFC 9562)."""
        ...


class RandomIds:
    """Ids from the operating system's random source."""

    def random(self, prefix: str = "") -> str:
        number = secrets.randbits(136)
        pairs = []
        for _ in range(_RANDOM_CHARACTERS // 2):
            number, digits = divmod(number, len(_PAIRS))
            pairs.append(_PAIRS[digits])
        return prefix + "".join(pairs)

    def uuid(self) -> str:
        return str(uuid.UUID(int=secrets.randbits(128), version=4))

    def ordered(self) -> str:
        milliseconds = time.time_ns() // 1_000_000
        number = (milliseconds << 80) | secrets.randbits(80)
        # Version 7 in bits 76-79, variant 2 in bits 62-63.
        number = number & ~(0xF << 76) & ~(0x3 << 62) | (0x7 << 76) | (0x2 << 62)
        return str(uuid.UUID(int=number))
