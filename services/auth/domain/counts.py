"""What is counted against abuse: so many of something in a window, under keys that tell nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many in a `window`, which begins with the first of them."""

    most: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Count:
    """One count that an attempt belongs to. The key tells neither accounts nor numbers nor addresses."""

    key: str
    limit: Limit


def count_key(kind: str, *parts: str) -> str:
    """The digest under which something is counted."""
    # "surrogatepass": what is no account can be any text.
    return hashlib.sha256("\0".join((kind, *parts)).encode(errors="surrogatepass")).hexdigest()
