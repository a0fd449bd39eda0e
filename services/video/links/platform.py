"""What is known of one platform, without a network."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from kit.net.messages import HttpRequest, HttpResponse
from kit.net.urls import HttpUrl
from services.video.domain.links import LinkFailure, Outcome, Reading

MOBILE_AGENT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
DESKTOP_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
_GATE_WORDS = ("login", "passport", "captcha", "verify", "visitor")


@dataclass(frozen=True, slots=True)
class Item:
    """One post of a platform. `kind` and `query` mean what the platform's module says; all of it is checked text.

    The query comes from who shared the post and does not make it another one.
    """

    id: str
    kind: str = ""
    query: str = field(default="", compare=False)


Strategy: TypeAlias = Generator[HttpRequest, HttpResponse, Reading]
"""One way to read a post: yields requests, is sent their replies, returns what it read. It does no I/O itself."""


@dataclass(frozen=True, slots=True)
class Way:
    """A named strategy for one post."""

    name: str
    strategy: Strategy


@dataclass(frozen=True, slots=True)
class Platform:
    """One platform. Hosts are exact and in lower case; only `host_suffix`, empty for none, admits more than one.

    `find` tells the post of a URL of its hosts; None for what is no post. `ways` are tried in their order.
    `short_path` matches the whole path of a short link, which only a redirect of its host can tell the post of.
    `leads_to` names platforms that its short links may lead to as well.
    """

    key: str
    label: str
    hosts: frozenset[str]
    find: Callable[[HttpUrl], Item | None]
    ways: Callable[[Item], Sequence[Way]]
    host_suffix: str = ""
    short_hosts: frozenset[str] = frozenset()
    short_path: re.Pattern[str] = re.compile(r"/[A-Za-z0-9_-]{4,32}/?")
    leads_to: frozenset[str] = frozenset()
    agent: str = MOBILE_AGENT

    def owns(self, host: str) -> bool:
        """Whether links to this host are the platform's."""
        if host in self.hosts or host in self.short_hosts:
            return True
        return bool(self.host_suffix) and host.endswith(self.host_suffix)

    def short_request(self, url: HttpUrl) -> HttpRequest | None:
        """The request that tells where a short link leads, made anew of its checked parts; None for no short link."""
        if url.host not in self.short_hosts or self.short_path.fullmatch(url.path) is None:
            return None
        headers = {"User-Agent": self.agent, "Referer": f"https://{url.host}/"}
        return HttpRequest(f"https://{url.host}{url.path}", headers)


def parameter(url: HttpUrl, name: str, pattern: re.Pattern[str]) -> str:
    """The value of a query's parameter, not decoded; empty unless all of it has the pattern."""
    for part in url.query.split("&"):
        key, _, value = part.partition("=")
        if key == name:
            return value if pattern.fullmatch(value) else ""
    return ""


def refusal(reply: HttpResponse) -> LinkFailure | None:
    """What the status alone says; None for a reply worth reading."""
    status = reply.status
    if status == 200:
        return None
    if status in (404, 410):
        return LinkFailure(Outcome.GONE, f"status {status}")
    if status in (401, 403):
        return LinkFailure(Outcome.GATED, f"status {status}")
    if status in (412, 418, 429, 461):
        return LinkFailure(Outcome.LIMITED, f"status {status}")
    if status >= 500:
        return LinkFailure(Outcome.UNREACHABLE, f"status {status}")
    if 300 <= status < 400:
        return astray(reply.location)
    return LinkFailure(Outcome.CHANGED, f"status {status}")


def changed(detail: str) -> LinkFailure:
    """The page came, but what is looked for is not in it."""
    return LinkFailure(Outcome.CHANGED, detail)


def astray(location: str) -> LinkFailure:
    """What a redirect says that does not lead to a post. `location` is absolute, or empty where it is not usable."""
    place = location.lower().partition("?")[0].removeprefix("https://").removeprefix("http://")
    if any(word in place for word in _GATE_WORDS):
        return LinkFailure(Outcome.GATED, "redirected to a gate")
    _, _, path = place.partition("/")
    if location and (not path.strip("/") or "404" in path.split("/")):
        return LinkFailure(Outcome.GONE, "redirected to where everybody goes")
    return LinkFailure(Outcome.CHANGED, "redirected")
