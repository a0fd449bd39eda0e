"""Pear Video 梨视频."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.net.messages import HttpRequest
from kit.net.urls import HttpUrl
from services.video.domain.links import LinkedMedia, LinkFailure, Outcome, Reading
from services.video.links.node import read_json
from services.video.links.platform import DESKTOP_AGENT, Item, Platform, Strategy, Way, changed, refusal
from services.video.links.scripts import decoded, page_title

_PATH = re.compile(r"/(?:detail|video)_(\d{4,12})/?")
# The page adds its own name to the title.
_SITE = re.compile(r"[-_]梨视频.{0,40}$")


def _find(url: HttpUrl) -> Item | None:
    found = _PATH.fullmatch(url.path)
    return Item(found.group(1)) if found else None


def _status(item: Item) -> Strategy:
    page = f"https://www.pearvideo.com/video_{item.id}"
    shown = yield HttpRequest(page, {"User-Agent": DESKTOP_AGENT})
    failure = refusal(shown)
    if failure is not None:
        return failure
    address = f"https://www.pearvideo.com/videoStatus.jsp?contId={item.id}&mrd=0.5"
    reply = yield HttpRequest(address, {"User-Agent": DESKTOP_AGENT, "Referer": page})
    return refusal(reply) or read_status(reply.body, item.id, title=_SITE.sub("", page_title(decoded(shown.body))))


def _ways(item: Item) -> Sequence[Way]:
    return (Way("status", _status(item)),)


def read_status(body: bytes, video_id: str, *, title: str) -> Reading:
    """The reply about where a video lies; only the page has its title."""
    reply = read_json(body)
    info = reply["videoInfo"]
    if not info.is_object:
        is_gone = reply["resultCode"].ident not in ("", "1")
        return LinkFailure(Outcome.GONE, "no videoInfo") if is_gone else changed("no videoInfo")
    shown, moment = info["videos"]["srcUrl"].text, reply["systemTime"].ident
    if not shown or not moment:
        return changed("no srcUrl")
    # The address that is answered has the time in place of the id, and leads nowhere.
    return LinkedMedia(
        video_url=shown.replace(moment, f"cont-{video_id}"), cover_url=info["video_image"].text, title=title
    )


PEAR = Platform(
    key="pear",
    label="梨视频",
    hosts=frozenset({"www.pearvideo.com"}),
    agent=DESKTOP_AGENT,
    find=_find,
    ways=_ways,
)
