"""Quanmin K-ge 全民K歌."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.net.messages import HttpRequest
from kit.net.urls import HttpUrl
from services.video.domain.links import LinkAuthor, LinkedMedia, LinkFailure, Outcome, Reading
from services.video.links.platform import MOBILE_AGENT, Item, Platform, Strategy, Way, changed, parameter, refusal
from services.video.links.scripts import assigned, decoded

_ID = re.compile(r"[0-9A-Za-z_-]{4,64}")


def _find(url: HttpUrl) -> Item | None:
    song_id = parameter(url, "s", _ID)
    return Item(song_id) if song_id else None


def _page(item: Item) -> Strategy:
    reply = yield HttpRequest(f"https://kg.qq.com/node/play?s={item.id}", {"User-Agent": MOBILE_AGENT})
    return refusal(reply) or read_page(reply.body)


def _ways(item: Item) -> Sequence[Way]:
    return (Way("page", _page(item)),)


def read_page(body: bytes) -> Reading:
    """The page that plays a song. One that was sung without a camera has only sound, which stands for its video."""
    data = assigned(decoded(body), "window.__DATA__")
    if not data.is_object:
        return changed("no __DATA__")
    song = data["detail"]
    if not song.members:
        return LinkFailure(Outcome.GONE, "no detail")
    sound = song["playurl"].text
    return LinkedMedia(
        video_url=song["playurl_video"].text or sound,
        cover_url=song["cover"].text,
        title=song["content"].text or song["song_name"].text,
        music_url=sound,
        author=LinkAuthor(song["uid"].ident, song["nick"].text, song["avatar"].text),
    )


QUANMINKGE = Platform(
    key="quanminkge",
    label="全民K歌",
    hosts=frozenset({"kg.qq.com", "node.kg.qq.com"}),
    find=_find,
    ways=_ways,
)
