"""What a platform is pretended to answer, and what should come of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kit.net.messages import HttpResponse
from services.video.domain.links import LinkedMedia, Outcome

HOSTILE = "标题;</script> undefined\u2028\ud800😀" + "长" * 10_000
# The same as it is given out.
HARMLESS = ("标题; undefined 😀" + "长" * 1000)[:1000]


def bare(text: str) -> str:
    """A body that is JSON and nothing else."""
    return text


def script(name: str, *, after: str = "") -> Callable[[str], str]:
    """A page with a script that assigns the JSON to a name. As real pages do, it lets no string end the script."""

    def wrap(text: str) -> str:
        safe = text.replace("</", "<\\/")
        return (
            "<!doctype html><html><head><title>x</title><script>var a = {};</script></head><body>"
            f"<script>{name} = {safe}{after}</script><div id=app></div></body></html>"
        )

    return wrap


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. `value` is what can be mutated: it becomes JSON, and `wrap` makes the body of it."""

    value: Any = None
    wrap: Callable[[str], str] = bare
    status: int = 200
    location: str = ""

    def body(self) -> bytes:
        """The body of the value as it is."""
        return self.body_of(self.value)

    def body_of(self, value: Any) -> bytes:
        """The body with another value in the same page."""
        return self.wrap(json.dumps(value)).encode("utf-8", "surrogatepass")

    def to(self, url: str, body: bytes) -> HttpResponse:
        """As the fetcher answers it."""
        return HttpResponse(url, self.status, "text/html", self.location, body)


GONE_REPLY = Reply(status=404)
BROKEN_REPLY = Reply(status=502)


@dataclass(frozen=True, slots=True)
class Case:
    """A link, the replies by the beginnings of the URLs they answer, and the outcome."""

    name: str
    link: str
    replies: Mapping[str, Reply]
    expected: LinkedMedia | Outcome


def reply_to(replies: Mapping[str, Reply], url: str) -> Reply:
    """The reply with the longest beginning; a server error for what has none."""
    found = [prefix for prefix in replies if url.startswith(prefix)]
    return replies[max(found, key=len)] if found else BROKEN_REPLY
