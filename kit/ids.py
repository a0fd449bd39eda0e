"""The one source of ids. Everything that makes an id gets an IdSource, so that tests can foresee it."""

from __future__ import annotations

import os
import secrets
import time
import uuid
from typing import Protocol

_ALPHABET = b"0123456789abcdefghijklmnopqrstuvwxyz"
# 26 characters of 36 carry 134 bits.
_RANDOM_CHARACTERS = 26
# The bytes that every character stands for equally often, and those that are too many for that.
_EVEN = 256 - 256 % len(_ALPHABET)
_CHARACTER_OF_BYTE = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))
_UNEVEN_BYTES = bytes(range(_EVEN, 256))
_VARIANT_DIGITS = "89ab"


class IdSource(Protocol):
    """Makes ids nobody can guess, and ids that sort by time."""

    def random(self, prefix: str = "") -> str:
        """The prefix and 26 characters of [0-9a-z] from a cryptographic source (134 bits)."""
        ...

    def uuid(self) -> str:
        """A random UUID (version 4)."""
        ...

    def ordered(self, prefix: str = "") -> str:
        """The prefix and a UUID that sorts by creation time to the millisecond (version 7, RFC 9562)."""
        ...


class RandomIds:
    """Ids from the operating system's random source."""

    def random(self, prefix: str = "") -> str:
        characters = b""
        while len(characters) < _RANDOM_CHARACTERS:
            characters += os.urandom(32).translate(_CHARACTER_OF_BYTE, _UNEVEN_BYTES)
        return prefix + characters[:_RANDOM_CHARACTERS].decode()

    def uuid(self) -> str:
        return str(uuid.UUID(int=secrets.randbits(128), version=4))

    def ordered(self, prefix: str = "") -> str:
        time_digits = f"{time.time_ns() // 1_000_000:012x}"
        random_bytes = os.urandom(10)
        digits = random_bytes.hex()
        # RFC 9562: the version is a digit of its own, the variant the two upper bits of another.
        variant = _VARIANT_DIGITS[random_bytes[9] & 3]
        return f"{prefix}{time_digits[:8]}-{time_digits[8:]}-7{digits[:3]}-{variant}{digits[3:6]}-{digits[6:18]}"
