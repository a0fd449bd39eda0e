"""Which of the platform's files a URL names, told without a network call."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

_DOWNLOAD = re.compile(r"/api/files/download/([^/]+)/?\Z")
_OLD_STYLE = re.compile(r"/api/files/[a-z_]+/([^/]+)/download/?\Z")


def file_id_of(url: str, base_url: str) -> str | None:
    """The id of the file; None for a URL that is not the platform's.

    Without a configured base URL every host counts as the platform's: the id decides, and whose file it is.
    """
    try:
        parts, base = urlsplit(url), urlsplit(base_url)
    except ValueError:
        return None
    if parts.netloc and (parts.scheme not in ("http", "https") or (base.netloc and parts.netloc != base.netloc)):
        return None
    found = _DOWNLOAD.match(parts.path) or _OLD_STYLE.match(parts.path)
    return unquote(found.group(1)) if found else None
