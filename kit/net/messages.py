"""What is asked of the fetcher and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """`total_s` bounds everything together, look-up of names and redirects included; bytes are counted decoded."""

    total_s: float
    max_bytes: int
    max_hops: int = 5


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request to a URL of `read_url`'s spelling."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """`url`: what was asked. `location`: the absolute URL a redirect names, empty for none or one not allowed."""

    url: str
    status: int
    content_type: str
    location: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Downloaded:
    """The facts of a finished download. `content_type` is the server's word, without parameters."""

    url: str
    content_type: str
    size_bytes: int
