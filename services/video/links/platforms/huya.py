"""Huya 虎牙."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.net.messages import HttpRequest
from kit.net.urls import HttpUrl
from services.video.domain.links import LinkAuthor, LinkedMedia, LinkFailure, Outcome, Reading
from services.video.links.node import read_json
from services.video.links.platform import DESKTOP_AGENT, Item, Platform, Strategy, Way, changed, refusal

_PATH = re.compile(r"/(?:video/)?play/(\d{4,18})\.html")
_HEADERS = {"User-Agent": DESKTOP_AGENT, "Referer": "https://v.huya.com/"}


def _find(url: HttpUrl) -> Item | None:
    found = _PATH.fullmatch(url.path)
    return Item(found.group(1)) if found else None


def _moment(item: Item) -> Strategy:
    address = f"https://liveapi.huya.com/moment/getMomentContent?videoId={item.id}"
    reply = yield HttpRequest(address, _HEADERS)
    return refusal(reply) or read_moment(reply.body)


def _ways(item: Item) -> Sequence[Way]:
    return (Way("moment", _moment(item)),)


def read_moment(body: bytes) -> Reading:
    """The reply about a video."""
    video = read_json(body)["data"]["moment"]["videoInfo"]
    if not video.is_object:
        return changed("no videoInfo")
    # What does not exist is answered as a video of nobody.
    if video["uid"].number == 0:
        return LinkFailure(Outcome.GONE, "uid 0")
    return LinkedMedia(
        video_url=video["definitions"][0]["url"].text,
        cover_url=video["videoCover"].text,
        title=video["videoTitle"].text,
        author=LinkAuthor(video["uid"].ident, video["actorNick"].text, video["actorAvatarUrl"].text),
    )


HUYA = Platform(
    key="huya",
    label="虎牙视频",
    hosts=frozenset({"v.huya.com", "www.huya.com"}),
    find=_find,
    ways=_ways,
)
