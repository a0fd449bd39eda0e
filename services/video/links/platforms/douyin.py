"""Douyin 抖音."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.net.messages import HttpRequest
from kit.net.urls import HttpUrl
from services.video.links.platform import MOBILE_AGENT, Item, Platform, Strategy, Way, parameter, refusal
from services.video.links.platforms.aweme import read_details, read_share_page

_ID = re.compile(r"\d{15,20}")
_PATH = re.compile(r"/(?:share/|m/)?(video|note|slides)/(\d{15,20})/?")
_VIDEO, _NOTE = "video", "note"
_HEADERS = {"User-Agent": MOBILE_AGENT, "Referer": "https://www.douyin.com/"}


def _find(url: HttpUrl) -> Item | None:
    """`kind` is empty where the link does not tell a video from images."""
    # The post that is open over another page.
    if open_id := parameter(url, "modal_id", _ID):
        return Item(open_id)
    found = _PATH.fullmatch(url.path)
    if found is None:
        return None
    return Item(found.group(2), _VIDEO if found.group(1) == "video" else _NOTE)


def details(item: Item) -> Strategy:
    """The interface that the share page asks for posts of images."""
    # It answers an invented signature with nothing, and no signature with the post.
    source = "&request_source=200" if item.kind == _NOTE else ""
    address = f"https://www.iesdouyin.com/web/api/v2/aweme/slidesinfo/?aweme_ids=%5B{item.id}%5D{source}"
    reply = yield HttpRequest(address, _HEADERS)
    return refusal(reply) or read_details(reply.body, item.id)


def _share_page(item: Item) -> Strategy:
    reply = yield HttpRequest(f"https://www.iesdouyin.com/share/{item.kind or _VIDEO}/{item.id}/", _HEADERS)
    return refusal(reply) or read_share_page(reply.body, item.id)


def _ways(item: Item) -> Sequence[Way]:
    as_images = () if item.kind else (Way("details_of_images", details(Item(item.id, _NOTE))),)
    return (Way("details", details(item)), *as_images, Way("share_page", _share_page(item)))


DOUYIN = Platform(
    key="douyin",
    label="抖音",
    hosts=frozenset({"www.douyin.com", "m.douyin.com", "www.iesdouyin.com", "jingxuan.douyin.com"}),
    short_hosts=frozenset({"v.douyin.com", "jx.douyin.com"}),
    leads_to=frozenset({"xigua"}),
    find=_find,
    ways=_ways,
)
