"""Which dialect answers for a path that no endpoint has."""

from __future__ import annotations

from edge.endpoint import Dialect

_DUBBING_PREFIXES = (
    "/api/auth",
    "/api/voices",
    "/api/synthesis",
    "/api/credits",
    "/api/history",
    "/api/admin",
    "/api/files/avatar",
)


_LINKS_PATH = "/api/video/parse"


def dialect_of_path(path: str) -> Dialect:
    """The dialect of the longest known prefix; the platform's for everything else."""
    if path.rstrip("/") == _LINKS_PATH:
        return Dialect.LINKS
    for prefix in _DUBBING_PREFIXES:
        if path == prefix or path.startswith(prefix + "/"):
            return Dialect.DUBBING
    return Dialect.PLATFORM
