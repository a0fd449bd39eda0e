"""Pipixia 皮皮虾."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.net.messages import HttpRequest
from kit.net.urls import HttpUrl
from services.video.domain.links import LinkAuthor, LinkedImage, LinkedMedia, LinkFailure, Outcome, Reading
from services.video.links.node import Node, read_json
from services.video.links.platform import MOBILE_AGENT, Item, Platform, Strategy, Way, changed, refusal

_PATH = re.compile(r"/item/(\d{10,22})/?")
_ASKED = "offset=0&cell_type=1&api_version=1&ac=wifi&channel=huawei_1319_64&aid=1319&app_name=super"


def _find(url: HttpUrl) -> Item | None:
    found = _PATH.fullmatch(url.path)
    return Item(found.group(1)) if found else None


def _comments(item: Item) -> Strategy:
    address = f"https://api.pipix.com/bds/cell/cell_comment/?{_ASKED}&cell_id={item.id}"
    reply = yield HttpRequest(address, {"User-Agent": MOBILE_AGENT})
    return refusal(reply) or read_comments(reply.body)


def _ways(item: Item) -> Sequence[Way]:
    return (Way("comments", _comments(item)),)


def read_comments(body: bytes) -> Reading:
    """The comments below a post, each of which carries the post."""
    reply = read_json(body)
    code = reply["status_code"].number
    if code is None:
        return changed("no status_code")
    if code != 0:
        return LinkFailure(Outcome.GONE, f"status_code {code}")
    post = reply["data"]["cell_comments"][0]["comment_info"]["item"]
    return _media(post) if post.is_object else changed("no item")


def _media(post: Node) -> LinkedMedia:
    author = post["author"]
    images = tuple(LinkedImage(each["url_list"][0]["url"].text) for each in post["note"]["multi_image"].items)
    return LinkedMedia(
        video_url=_unmarked(post) or _video_url(post),
        cover_url=post["cover"]["url_list"][0]["url"].text,
        title=post["content"].text,
        images=images,
        author=LinkAuthor(author["id"].ident, author["name"].text, author["avatar"]["download_list"][0]["url"].text),
    )


def _unmarked(post: Node) -> str:
    """Where the author has commented with the video, that one has no watermark."""
    author_id = post["author"]["id"].ident
    answers = (each["item"] for each in post["comments"].items)
    own = (each for each in answers if author_id and each["author"]["id"].ident == author_id)
    return next((found for each in own if (found := _video_url(each))), "")


def _video_url(holder: Node) -> str:
    return holder["video"]["video_high"]["url_list"][0]["url"].text


PIPIXIA = Platform(
    key="pipixia",
    label="皮皮虾",
    hosts=frozenset({"h5.pipix.com"}),
    short_hosts=frozenset({"h5.pipix.com"}),
    short_path=re.compile(r"/s/[A-Za-z0-9_-]{4,32}/?"),
    find=_find,
    ways=_ways,
)
