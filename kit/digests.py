"""Telling a repeated request from another one under the same id."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def input_digest(wanted: Mapping[str, Any]) -> str:
    """SHA-256 in hex of JSON-like values: two requests with the same digest ask for the same thing."""
    canonical = json.dumps(wanted, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
