"""Bilibili."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.net.messages import HttpRequest
from kit.net.urls import HttpUrl
from services.video.domain.links import LinkAuthor, LinkedMedia, LinkFailure, Outcome, Reading
from services.video.links.node import Node, read_json
from services.video.links.platform import DESKTOP_AGENT, Item, Platform, Strategy, Way, changed, parameter, refusal

_PATH = re.compile(r"/video/(?:(BV[0-9A-Za-z]{10})|av(\d{1,18}))/?", re.IGNORECASE)
_PAGE = re.compile(r"[1-9]\d{0,3}")
_HEADERS = {"User-Agent": DESKTOP_AGENT, "Referer": "https://www.bilibili.com/"}
_OUTCOMES = {
    -404: Outcome.GONE,
    62002: Outcome.GONE,
    62004: Outcome.GONE,
    62012: Outcome.GONE,
    -403: Outcome.GATED,
    -352: Outcome.LIMITED,
    -412: Outcome.LIMITED,
    -799: Outcome.LIMITED,
}


def _find(url: HttpUrl) -> Item | None:
    """`id` is the parameter that names the video, `kind` the number of its part."""
    found = _PATH.fullmatch(url.path)
    if found is None:
        return None
    bvid, aid = found.groups()
    name = f"bvid=BV{bvid[2:]}" if bvid else f"aid={aid}"
    return Item(name, parameter(url, "p", _PAGE) or "1")


def _interface(item: Item) -> Strategy:
    reply = yield HttpRequest(f"https://api.bilibili.com/x/web-interface/view?{item.id}", _HEADERS)
    view = read_json(reply.body)
    failure = refusal(reply) or _failure(view)
    if failure is not None:
        return failure
    part = _part(view["data"], int(item.kind))
    if not part:
        return changed("no cid")
    # Only for this player there is one file with picture and sound.
    player = "platform=html5&fnver=0&fnval=0&qn=80&otype=json&high_quality=1"
    reply = yield HttpRequest(f"https://api.bilibili.com/x/player/playurl?{item.id}&cid={part}&{player}", _HEADERS)
    play = read_json(reply.body)
    return refusal(reply) or _failure(play) or _media(view["data"], play["data"])


def _ways(item: Item) -> Sequence[Way]:
    return (Way("interface", _interface(item)),)


def _failure(reply: Node) -> LinkFailure | None:
    code = reply["code"].number
    if code == 0:
        return None
    if code is None:
        return changed("no code")
    return LinkFailure(_OUTCOMES.get(code, Outcome.CHANGED), f"code {code}")


def _part(video: Node, page: int) -> str:
    """The id of a part; of the first where there is none of that number."""
    parts = video["pages"].items
    found = next((each for each in parts if each["page"].number == page), parts[0] if parts else video)
    number = found["cid"].number or video["cid"].number or 0
    return str(number) if number > 0 else ""


def _media(video: Node, play: Node) -> Reading:
    owner = video["owner"]
    return LinkedMedia(
        video_url=play["durl"][0]["url"].text,
        cover_url=_secure(video["pic"].text),
        title=video["title"].text,
        author=LinkAuthor(owner["mid"].ident, owner["name"].text, _secure(owner["face"].text)),
    )


def _secure(url: str) -> str:
    return f"https://{url.removeprefix('http://')}" if url.startswith("http://") else url


BILIBILI = Platform(
    key="bilibili",
    label="哔哩哔哩",
    hosts=frozenset({"www.bilibili.com", "m.bilibili.com"}),
    short_hosts=frozenset({"b23.tv"}),
    agent=DESKTOP_AGENT,
    find=_find,
    ways=_ways,
)
