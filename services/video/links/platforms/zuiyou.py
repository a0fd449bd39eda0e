"""Zuiyou 最右."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.net.messages import HttpRequest
from kit.net.urls import HttpUrl
from services.video.domain.links import LinkAuthor, LinkedMedia, LinkFailure, Outcome, Reading
from services.video.links.node import read_json
from services.video.links.platform import MOBILE_AGENT, Item, Platform, Strategy, Way, changed, parameter, refusal

_ID = re.compile(r"[1-9]\d{0,17}")
_HEADERS = {"User-Agent": MOBILE_AGENT, "Content-Type": "application/json"}
_SUCCESS = 1


def _find(url: HttpUrl) -> Item | None:
    post_id = parameter(url, "pid", _ID)
    return Item(post_id) if post_id else None


def _detail(item: Item) -> Strategy:
    body = f'{{"h_av":"5.2.13.011","pid":{item.id}}}'.encode()
    address = "https://share.xiaochuankeji.cn/planck/share/post/detail_h5"
    reply = yield HttpRequest(address, _HEADERS, "POST", body)
    return refusal(reply) or read_detail(reply.body)


def _ways(item: Item) -> Sequence[Way]:
    return (Way("detail", _detail(item)),)


def read_detail(body: bytes) -> Reading:
    """The reply about a post."""
    reply = read_json(body)
    code = reply["ret"].number
    if code is not None and code != _SUCCESS:
        return LinkFailure(Outcome.GONE, f"ret {code}")
    post = reply["data"]["post"]
    if not post.is_object:
        return changed("no post")
    # A video goes by the id of the image that stands for it.
    video = post["videos"][post["imgs"][0]["id"].ident]
    if not post["videos"].members and post["imgs"].items:
        return LinkFailure(Outcome.KIND_UNSUPPORTED, "a post without a video")
    member = post["member"]
    return LinkedMedia(
        video_url=video["url"].text,
        cover_url=video["cover_urls"][0].text,
        title=post["content"].text,
        author=LinkAuthor(member["id"].ident, member["name"].text, member["avatar_urls"]["origin"]["urls"][0].text),
    )


ZUIYOU = Platform(
    key="zuiyou",
    label="最右",
    hosts=frozenset({"share.xiaochuankeji.cn"}),
    find=_find,
    ways=_ways,
)
