"""AcFun."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.net.messages import HttpRequest
from kit.net.urls import HttpUrl
from services.video.domain.links import LinkAuthor, LinkedMedia, Reading
from services.video.links.node import Node, read_json
from services.video.links.platform import DESKTOP_AGENT, Item, Platform, Strategy, Way, changed, parameter, refusal
from services.video.links.scripts import assigned, decoded

_PATH = re.compile(r"/v/ac(\d{1,12}(?:_[1-9]\d{0,3})?)/?")
_ID = re.compile(r"\d{1,12}(?:_[1-9]\d{0,3})?")
# The author is named by the address of their page.
_USER_PAGE = re.compile(r"/(?:u/)?(\d{1,18})")


def _find(url: HttpUrl) -> Item | None:
    found = _PATH.fullmatch(url.path)
    # The site for phones has the number in the query.
    video_id = found.group(1) if found else parameter(url, "ac", _ID)
    return Item(video_id) if video_id else None


def _page(item: Item) -> Strategy:
    reply = yield HttpRequest(f"https://www.acfun.cn/v/ac{item.id}", {"User-Agent": DESKTOP_AGENT})
    return refusal(reply) or read_page(reply.body)


def _ways(item: Item) -> Sequence[Way]:
    return (Way("page", _page(item)),)


def read_page(body: bytes) -> Reading:
    """The page that plays a video. What it plays is a playlist (m3u8)."""
    info = assigned(decoded(body), "window.videoInfo")
    if not info.is_object:
        return changed("no videoInfo")
    user = info["user"]
    return LinkedMedia(
        video_url=_video_url(read_json(info["currentVideoInfo"]["ksPlayJson"].text)),
        cover_url=info["coverUrl"].text,
        title=info["title"].text,
        author=LinkAuthor(_user_id(user), user["name"].text, user["headUrl"].text),
    )


def _video_url(play: Node) -> str:
    # Ordered from the best to the worst.
    variants = play["adaptationSet"][0]["representation"].items
    return next((each["url"].text for each in variants if each["url"]), "")


def _user_id(user: Node) -> str:
    href = user["href"].ident
    found = _USER_PAGE.search(href)
    return found.group(1) if found else user["id"].ident or (href if href.isdigit() else "")


ACFUN = Platform(
    key="acfun",
    label="AcFun",
    hosts=frozenset({"www.acfun.cn", "m.acfun.cn"}),
    find=_find,
    ways=_ways,
)
