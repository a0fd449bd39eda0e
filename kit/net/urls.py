"""URLs from outside, read strictly: what two readers could understand differently is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from urllib.parse import quote, urljoin, urlsplit

MAX_URL_CHARACTERS = 2048
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\Z")
# Controls, blanks, and the backslash, which some readers take for a slash.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ud800-\udfff]")
_SAFE = "/%:@!$&'()*+,;=-._~?[]"


class UrlRefused(Exception):
    """The text is not a URL that may be fetched. The text says why, for the log."""


@dataclass(frozen=True, slots=True)
class HttpUrl:
    """An absolute http or https URL in one spelling.

    `host`: lower case, IDNA, no dot at the end; IPv6 without brackets. `target`: path and query, never empty.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def has_default_port(self) -> bool:
        return self.port in _DEFAULT_PORTS.values()

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"


def read_url(text: str) -> HttpUrl:
    """The URL of a text. Raises UrlRefused: too long, another scheme, user information, blanks, no usable host."""
    if not text or len(text) > MAX_URL_CHARACTERS or _FORBIDDEN.search(text) is not None:
        raise UrlRefused("not a URL")
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname or ""
    except ValueError as error:
        raise UrlRefused("not a URL") from error
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS:
        raise UrlRefused("scheme is not http or https")
    if "@" in parts.netloc:
        raise UrlRefused("user information in the URL")
    if port == 0:
        raise UrlRefused("no such port")
    path = quote(parts.path or "/", safe=_SAFE)
    query = f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
    return HttpUrl(scheme, _host(host, parts.netloc), port or _DEFAULT_PORTS[scheme], path + query)


def follow(base: HttpUrl, location: str) -> HttpUrl:
    """The URL that a redirect of `base` leads to. Raises UrlRefused."""
    if not location or len(location) > MAX_URL_CHARACTERS or _FORBIDDEN.search(location) is not None:
        raise UrlRefused("not a URL")
    try:
        joined = urljoin(str(base), location)
    except ValueError as error:
        raise UrlRefused("not a URL") from error
    return read_url(joined)


def _host(host: str, netloc: str) -> str:
    if "[" in netloc:
        if "%" in host:
            raise UrlRefused("a zone in the address")
        try:
            return IPv6Address(host).compressed
        except ValueError as error:
            raise UrlRefused("not an address") from error
    try:
        name = host.removesuffix(".").encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise UrlRefused("not a host name") from error
    if _NAME.match(name) is None:
        raise UrlRefused("not a host name")
    return name
