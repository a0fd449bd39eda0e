"""Weishi 微视."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.net.messages import HttpRequest
from kit.net.urls import HttpUrl
from services.video.domain.links import LinkAuthor, LinkedMedia, LinkFailure, Outcome, Reading
from services.video.links.node import read_json
from services.video.links.platform import DESKTOP_AGENT, Item, Platform, Strategy, Way, changed, parameter, refusal

_ID = re.compile(r"[0-9A-Za-z]{10,40}")


def _find(url: HttpUrl) -> Item | None:
    feed_id = parameter(url, "id", _ID)
    return Item(feed_id) if feed_id else None


def _play_page(item: Item) -> Strategy:
    address = f"https://h5.weishi.qq.com/webapp/json/weishi/WSH5GetPlayPage?feedid={item.id}"
    reply = yield HttpRequest(address, {"User-Agent": DESKTOP_AGENT})
    return refusal(reply) or read_play_page(reply.body)


def _ways(item: Item) -> Sequence[Way]:
    return (Way("play_page", _play_page(item)),)


def read_play_page(body: bytes) -> Reading:
    """The data of the page that plays a video."""
    reply = read_json(body)
    code, data = reply["ret"].number, reply["data"]
    if code is None:
        return changed("no ret")
    if code != 0 or data["errmsg"].text:
        return LinkFailure(Outcome.GONE, f"ret {code}")
    feed = data["feeds"][0]
    if not feed.is_object:
        return changed("no feeds")
    poster = feed["poster"]
    return LinkedMedia(
        video_url=feed["video_url"].text,
        cover_url=feed["images"][0]["url"].text,
        title=feed["feed_desc_withat"].text,
        author=LinkAuthor(poster["id"].ident, poster["nick"].text, poster["avatar"].text),
    )


WEISHI = Platform(
    key="weishi",
    label="微视",
    hosts=frozenset({"isee.weishi.qq.com", "h5.weishi.qq.com"}),
    find=_find,
    ways=_ways,
)
