"""Xiaohongshu 小红书."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.net.messages import HttpRequest
from kit.net.urls import HttpUrl
from services.video.domain.links import LinkAuthor, LinkedImage, LinkedMedia, LinkFailure, Outcome, Reading
from services.video.links.node import Node
from services.video.links.platform import (
    DESKTOP_AGENT,
    MOBILE_AGENT,
    Item,
    Platform,
    Strategy,
    Way,
    changed,
    parameter,
    refusal,
)
from services.video.links.scripts import assigned_literal, decoded

_PATH = re.compile(r"/(?:explore|discovery/item)/([0-9a-f]{24})/?")
# Base64, as it is or with its signs escaped.
_TOKEN = re.compile(r"[A-Za-z0-9+/=_%-]{8,200}")
_SOURCE = re.compile(r"[A-Za-z0-9_]{1,40}")
_IMAGE_NAME = re.compile(r"[A-Za-z0-9_-]{10,80}")
_STATE = "window.__INITIAL_STATE__"
# What the page writes for the id of a note whose link has expired.
_NO_ID = "undefined"


def _find(url: HttpUrl) -> Item | None:
    found = _PATH.fullmatch(url.path)
    if found is None:
        return None
    # Without the token of who shared it, most notes are shown to nobody.
    given = (
        ("xsec_token", parameter(url, "xsec_token", _TOKEN)),
        ("xsec_source", parameter(url, "xsec_source", _SOURCE)),
    )
    return Item(found.group(1), query="&".join(f"{name}={value}" for name, value in given if value))


def _explore(item: Item) -> Strategy:
    reply = yield HttpRequest(_address("explore", item), {"User-Agent": DESKTOP_AGENT})
    return refusal(reply) or read_explore_page(reply.body, item.id)


def _discovery(item: Item) -> Strategy:
    reply = yield HttpRequest(_address("discovery/item", item), {"User-Agent": MOBILE_AGENT})
    return refusal(reply) or read_discovery_page(reply.body)


def _address(page: str, item: Item) -> str:
    query = f"?{item.query}" if item.query else ""
    return f"https://www.xiaohongshu.com/{page}/{item.id}{query}"


def _ways(item: Item) -> Sequence[Way]:
    return (Way("explore_page", _explore(item)), Way("discovery_page", _discovery(item)))


def read_explore_page(body: bytes, note_id: str) -> Reading:
    """The page for browsers."""
    notes = assigned_literal(decoded(body), _STATE)["note"]
    current = notes["currentNoteId"].text or notes["firstNoteId"].text
    if current == _NO_ID:
        return LinkFailure(Outcome.GONE, "the link has expired")
    details = notes["noteDetailMap"]
    note = details[note_id]["note"] if details[note_id]["note"].members else details[current]["note"]
    return _read_note(note)


def read_discovery_page(body: bytes) -> Reading:
    """The page for phones."""
    return _read_note(assigned_literal(decoded(body), _STATE)["noteData"]["data"]["noteData"])


def _read_note(note: Node) -> Reading:
    if not note.members:
        return changed("no note")
    images = tuple(_image(each) for each in note["imageList"].items)
    is_video = note["type"].text == "video"
    video_url = _video_url(note["video"])
    if is_video and not video_url:
        return LinkFailure(Outcome.GATED, "the video is left out")
    user = note["user"]
    return LinkedMedia(
        video_url=video_url,
        cover_url=images[0].url if images else "",
        title=note["title"].text or note["desc"].text.partition("\n")[0],
        # The only image of a video is its cover.
        images=() if video_url else images,
        author=LinkAuthor(
            uid=user["userId"].ident,
            display_name=user["nickname"].text or user["nickName"].text,
            avatar_url=user["avatar"].text,
        ),
    )


def _video_url(video: Node) -> str:
    streams = video["media"]["stream"]
    for codec in ("h264", "h265", "av1"):
        stream = streams[codec][0]
        if found := stream["masterUrl"].text or stream["backupUrls"][0].text:
            return found
    key = video["consumer"]["originVideoKey"].text
    return f"https://sns-video-bd.xhscdn.com/{key}" if key else ""


def _image(image: Node) -> LinkedImage:
    url = _without_mark(image["urlDefault"].text or image["url"].text)
    return LinkedImage(url, image["stream"]["h264"][0]["masterUrl"].text if image["livePhoto"].is_true else "")


def _without_mark(url: str) -> str:
    """The address of the same image without the watermark, where the address shows how it is made."""
    if "notes_pre_post" not in url:
        return url
    name = url.partition("!")[0].rpartition("/")[2]
    if _IMAGE_NAME.fullmatch(name) is None:
        return url
    folder = "spectrum/" if "/spectrum/" in url else ""
    return f"https://ci.xiaohongshu.com/notes_pre_post/{folder}{name}?imageView2/format/jpg"


XIAOHONGSHU = Platform(
    key="xiaohongshu",
    label="小红书",
    hosts=frozenset({"www.xiaohongshu.com"}),
    short_hosts=frozenset({"xhslink.com", "xhslink.cn"}),
    short_path=re.compile(r"/(?:[a-z]/)?[A-Za-z0-9]{4,32}/?"),
    find=_find,
    ways=_ways,
)
