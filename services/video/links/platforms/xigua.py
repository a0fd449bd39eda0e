"""Xigua 西瓜视频, which belongs to Douyin."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.net.messages import HttpRequest
from kit.net.urls import HttpUrl
from services.video.links.platform import MOBILE_AGENT, Item, Platform, Strategy, Way, refusal
from services.video.links.platforms import douyin
from services.video.links.platforms.aweme import read_share_page

_PATH = re.compile(r"/(?:douyin/share/video/|video/)?(\d{15,20})/?")
# What the app appends when it shares. With a slash before it, or without it, another page is answered.
_SHARED = "aweme_type=107&schema_type=1&utm_source=copy&utm_campaign=client_share&utm_medium=android&app=aweme"


def _find(url: HttpUrl) -> Item | None:
    found = _PATH.fullmatch(url.path)
    return Item(found.group(1), "video") if found else None


def _share_page(item: Item) -> Strategy:
    address = f"https://m.ixigua.com/douyin/share/video/{item.id}?{_SHARED}"
    reply = yield HttpRequest(address, {"User-Agent": MOBILE_AGENT})
    return refusal(reply) or read_share_page(reply.body, item.id)


def _ways(item: Item) -> Sequence[Way]:
    return (Way("share_page", _share_page(item)), Way("details", douyin.details(item)))


XIGUA = Platform(
    key="xigua",
    label="西瓜视频",
    hosts=frozenset({"www.ixigua.com", "m.ixigua.com"}),
    short_hosts=frozenset({"v.ixigua.com"}),
    leads_to=frozenset({"douyin"}),
    find=_find,
    ways=_ways,
)
