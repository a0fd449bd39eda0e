"""Kuaishou 快手."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.net.messages import HttpRequest
from kit.net.urls import HttpUrl
from services.video.domain.links import LinkAuthor, LinkedImage, LinkedMedia, LinkFailure, Outcome, Reading
from services.video.links.node import NOTHING, Node, read_json
from services.video.links.platform import DESKTOP_AGENT, MOBILE_AGENT, Item, Platform, Strategy, Way, changed, refusal
from services.video.links.scripts import assigned, decoded

_PATH = re.compile(r"/(?:short-video|fw/photo|fw/long-video)/([A-Za-z0-9_-]{6,40})/?")
_QUERY = re.compile(r"[A-Za-z0-9._~%&=+-]{0,1500}")
_MOBILE = {"User-Agent": MOBILE_AGENT, "Referer": "https://v.kuaishou.com/"}
_SUCCESS = 1
# A letter of Hangul that shows nothing, with which users pad their names.
_FILLER = "\u3164"


def _find(url: HttpUrl) -> Item | None:
    found = _PATH.fullmatch(url.path)
    if found is None:
        return None
    query = url.query if _QUERY.fullmatch(url.query) else ""
    return Item(found.group(1), query=query)


def _share_page(item: Item) -> Strategy:
    # Long videos have a page of another form; the page of short ones shows them as well.
    query = f"?{item.query}" if item.query else ""
    reply = yield HttpRequest(f"https://v.m.chenzhongtech.com/fw/photo/{item.id}{query}", _MOBILE)
    return refusal(reply) or read_share_page(reply.body)


def _desktop_page(item: Item) -> Strategy:
    reply = yield HttpRequest(f"https://www.kuaishou.com/short-video/{item.id}", {"User-Agent": DESKTOP_AGENT})
    return refusal(reply) or read_desktop_page(reply.body)


def _ways(item: Item) -> Sequence[Way]:
    bare = Item(item.id)
    shared = (Way("shared_page", _share_page(item)),) if item.query else ()
    return (*shared, Way("page", _share_page(bare)), Way("desktop_page", _desktop_page(bare)))


def read_share_page(body: bytes) -> Reading:
    """The page for phones. The names of its data are scrambled, so the values tell which one is the post."""
    page = decoded(body)
    state = assigned(page, "window.INIT_STATE")
    found = next((each for each in state.values() if each["result"] and each["photo"].is_object), NOTHING)
    if not found:
        # Who is blocked gets a result without a post, as one of the values or instead of the page.
        found = next((each for each in (read_json(page), *state.values()) if each["result"]), NOTHING)
    result = found["result"].number
    if result is None:
        return changed("no result in INIT_STATE")
    if result != _SUCCESS:
        return LinkFailure(Outcome.GATED, f"result {result}")
    return _media(found["photo"])


def read_desktop_page(body: bytes) -> Reading:
    """The page for browsers, in its older form."""
    entities = assigned(decoded(body), "window.__APOLLO_STATE__")["defaultClient"]
    photo = next((each for name, each in entities.members if name.startswith("VisionVideoDetailPhoto:")), NOTHING)
    if not photo.is_object:
        return changed("no VisionVideoDetailPhoto")
    return LinkedMedia(video_url=photo["photoUrl"].text, cover_url=photo["coverUrl"].text, title=photo["caption"].text)


def _media(photo: Node) -> LinkedMedia:
    atlas = photo["ext_params"]["atlas"]
    return LinkedMedia(
        video_url=photo["mainMvUrls"][0]["url"].text,
        cover_url=photo["coverUrls"][0]["url"].text,
        title=photo["caption"].text,
        music_url=_at(atlas["musicCdnList"][0]["cdn"].text, atlas["music"].text),
        images=_images(atlas),
        author=LinkAuthor(
            uid=photo["userEid"].ident or photo["userId"].ident,
            display_name=photo["userName"].text.replace(_FILLER, ""),
            avatar_url=photo["headUrl"].text,
        ),
    )


def _images(atlas: Node) -> tuple[LinkedImage, ...]:
    host = atlas["cdn"][0].text or atlas["cdnList"][0]["cdn"].text
    urls = (_at(host, each.text) for each in atlas["list"].items)
    return tuple(LinkedImage(url) for url in urls if url)


def _at(host: str, path: str) -> str:
    return f"https://{host}/{path.removeprefix('/')}" if host and path else ""


KUAISHOU = Platform(
    key="kuaishou",
    label="快手",
    hosts=frozenset({"www.kuaishou.com", "m.gifshow.com"}),
    host_suffix=".m.chenzhongtech.com",
    short_hosts=frozenset({"v.kuaishou.com"}),
    find=_find,
    ways=_ways,
)
