"""Haokan 好看视频."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.net.messages import HttpRequest
from kit.net.urls import HttpUrl
from services.video.domain.links import LinkAuthor, LinkedMedia, LinkFailure, Outcome, Reading
from services.video.links.node import read_json
from services.video.links.platform import DESKTOP_AGENT, Item, Platform, Strategy, Way, changed, parameter, refusal

_ID = re.compile(r"\d{6,24}")


def _find(url: HttpUrl) -> Item | None:
    video_id = parameter(url, "vid", _ID)
    return Item(video_id) if video_id else None


def _page_data(item: Item) -> Strategy:
    address = f"https://haokan.baidu.com/v?_format=json&vid={item.id}"
    reply = yield HttpRequest(address, {"User-Agent": DESKTOP_AGENT})
    return refusal(reply) or read_page_data(reply.body)


def _ways(item: Item) -> Sequence[Way]:
    return (Way("page_data", _page_data(item)),)


def read_page_data(body: bytes) -> Reading:
    """The data of the page that plays a video."""
    reply = read_json(body)
    # Written as a number and as text.
    code = reply["errno"].number if reply["errno"].number is not None else reply["errno"].text
    if code not in (0, "0"):
        return LinkFailure(Outcome.GONE, "errno is not 0") if code else changed("no errno")
    video = reply["data"]["apiData"]["curVideoMeta"]
    if not video.is_object:
        return changed("no curVideoMeta")
    author = video["mth"]
    return LinkedMedia(
        video_url=video["playurl"].text,
        cover_url=video["poster"].text,
        title=video["title"].text,
        author=LinkAuthor(author["mthid"].ident, author["author_name"].text, author["author_photo"].text),
    )


HAOKAN = Platform(
    key="haokan",
    label="好看视频",
    hosts=frozenset({"haokan.baidu.com", "haokan.hao123.com"}),
    find=_find,
    ways=_ways,
)
