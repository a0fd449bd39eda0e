"""Telling one thing from another by what it is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

# Enough to tell one state of a thing from the next; nobody gains by making two alike.
_SHORT = 12


def input_digest(wanted: Mapping[str, Any]) -> str:
    """SHA-256 in hex of JSON-like values: two requests with the same digest ask for the same thing."""
    canonical = json.dumps(wanted, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def short_digest(content: Mapping[str, Any]) -> str:
    """The beginning of the same, for names that change with what is behind them."""
    return input_digest(content)[:_SHORT]
