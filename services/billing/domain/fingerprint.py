"""Tells whether two requests with one id ask for the same."""

from __future__ import annotations

import hashlib
import json


def fingerprint(*parts: str | int | float | None) -> str:
    """SHA-256 in hex of the parts."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
