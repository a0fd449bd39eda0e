"""Tells whether two requests with one id ask for the same."""

from __future__ import annotations

import hashlib

import orjson


def fingerprint(*parts: str | int | float | None) -> str:
    """SHA-256 in hex of the parts as a JSON array (RFC 8785)."""
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()
