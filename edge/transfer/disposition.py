"""How a browser is told to treat a file that somebody else uploaded."""

from __future__ import annotations

import re
from urllib.parse import quote

# Types that no browser runs scripts from. Everything else is saved, not shown, and goes under a neutral type.
_SHOWN_TYPES = frozenset(
    {
        "audio/aac",
        "audio/flac",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/opus",
        "audio/wav",
        "audio/webm",
        "audio/x-wav",
        "image/bmp",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "video/mp4",
        "video/quicktime",
        "video/webm",
        "video/x-matroska",
        "video/x-msvideo",
    }
)
_NEUTRAL_TYPE = "application/octet-stream"
_NOT_IN_A_TOKEN = re.compile(r"[^A-Za-z0-9 ._()+-]")


def safe_content_type(content_type: str) -> str:
    """The type itself when it can be shown, else the neutral one."""
    bare = content_type.partition(";")[0].strip().lower()
    return bare if bare in _SHOWN_TYPES else _NEUTRAL_TYPE


def content_disposition(content_type: str, name: str) -> str:
    """RFC 6266, with an ASCII name for old clients and the real one in UTF-8 (RFC 8187)."""
    kind = "inline" if safe_content_type(content_type) != _NEUTRAL_TYPE else "attachment"
    plain = _NOT_IN_A_TOKEN.sub("_", name) or "file"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name or 'file', safe='')}"
