"""Weibo 微博."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from kit.net.messages import HttpRequest, HttpResponse
from kit.net.urls import HttpUrl
from services.video.domain.links import LinkAuthor, LinkedImage, LinkedMedia, LinkFailure, Outcome, Reading
from services.video.links.node import Node, read_json
from services.video.links.platform import MOBILE_AGENT, Item, Platform, Strategy, Way, changed, parameter, refusal
from services.video.links.scripts import assigned, decoded

_VIDEO_ID = re.compile(r"\d{4}(?::|%3[Aa])[0-9A-Za-z]{6,40}")
_VIDEO_PATH = re.compile(r"/(?:tv/)?show/(\d{4}(?::|%3[Aa])[0-9A-Za-z]{6,40})/?")
_POST_PATH = re.compile(r"/(?:status|detail|\d{5,12})/([0-9A-Za-z]{7,20})/?")
_COMPONENT = "Component_Play_Playinfo"
_VIDEO, _POST = "video", "post"


def _find(url: HttpUrl) -> Item | None:
    """`kind` tells a video page from a post: they are asked for in different ways."""
    found = _VIDEO_PATH.fullmatch(url.path)
    video_id = found.group(1) if found else parameter(url, "fid", _VIDEO_ID)
    if video_id:
        return Item(re.sub("%3[Aa]", ":", video_id), _VIDEO)
    found = _POST_PATH.fullmatch(url.path)
    return Item(found.group(1), _POST) if found else None


def _component(item: Item) -> Strategy:
    page = f"/show/{item.id}"
    headers = {
        "User-Agent": MOBILE_AGENT,
        "Referer": f"https://h5.video.weibo.com{page}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    # The id has no sign that JSON would write in another way.
    form = "data=" + quote(f'{{"{_COMPONENT}":{{"oid":"{item.id}"}}}}', safe="")
    address = f"https://h5.video.weibo.com/api/component?page={quote(page, safe='')}"
    reply = yield HttpRequest(address, headers, "POST", form.encode())
    return _refusal(reply) or read_component(reply.body)


def _status(item: Item) -> Strategy:
    headers = {
        "User-Agent": MOBILE_AGENT,
        "Referer": f"https://m.weibo.cn/detail/{item.id}",
        "X-Requested-With": "XMLHttpRequest",
    }
    reply = yield HttpRequest(f"https://m.weibo.cn/statuses/show?id={item.id}", headers)
    return _refusal(reply) or read_status(reply.body)


def _page(item: Item) -> Strategy:
    reply = yield HttpRequest(f"https://m.weibo.cn/detail/{item.id}", {"User-Agent": MOBILE_AGENT})
    return _refusal(reply) or read_page(reply.body)


def _ways(item: Item) -> Sequence[Way]:
    if item.kind == _VIDEO:
        return (Way("component", _component(item)),)
    return (Way("status", _status(item)), Way("page", _page(item)))


def _refusal(reply: HttpResponse) -> LinkFailure | None:
    # Here this status is the answer to too many questions, not to one that needs a login.
    if reply.status == 403:
        return LinkFailure(Outcome.LIMITED, "status 403")
    return refusal(reply)


def read_component(body: bytes) -> Reading:
    """The reply about a video of the video site."""
    reply = read_json(body)
    play = reply["data"][_COMPONENT]
    if not play.is_object:
        # A video that is not there is answered with success and nothing.
        is_gone = reply["code"].ident == "100000" and reply["data"].is_object
        return LinkFailure(Outcome.GONE, "no play info") if is_gone else changed("no play info")
    # Ordered from the best to the worst.
    urls = [each.text for each in play["urls"].values() if each.text]
    return LinkedMedia(
        video_url=urls[0] if urls else play["stream_url"].text,
        cover_url=play["cover_image"].text,
        title=play["title"].text,
        author=LinkAuthor(play["user"]["id"].ident, play["author"].text, play["avatar"].text),
    )


def read_status(body: bytes) -> Reading:
    """The reply about a post."""
    reply = read_json(body)
    if reply["data"].is_object:
        return _media(reply["data"])
    if reply["ok"].number == 0:
        return LinkFailure(Outcome.GONE, "ok 0")
    return LinkFailure(Outcome.GATED, "ok -100") if reply["ok"].number == -100 else changed("no data")


def read_page(body: bytes) -> Reading:
    """The page of a post."""
    post = assigned(decoded(body), "$render_data")[0]["status"]
    return _media(post) if post.is_object else changed("no render_data")


def _media(post: Node) -> Reading:
    own = _own_media(post)
    # A post may only pass on another.
    has_media = own.video_url or own.images or not post["retweeted_status"].is_object
    media = own if has_media else _own_media(post["retweeted_status"])
    if not media.video_url and not media.images and post["text"]:
        return LinkFailure(Outcome.KIND_UNSUPPORTED, "a post of text")
    return media


def _own_media(post: Node) -> LinkedMedia:
    user, page = post["user"], post["page_info"]
    urls, media_info = page["urls"], page["media_info"]
    video_url = (
        urls["mp4_720p_mp4"].text
        or urls["mp4_hd_mp4"].text
        or urls["mp4_ld_mp4"].text
        or media_info["stream_url_hd"].text
        or media_info["stream_url"].text
    )
    images = tuple(LinkedImage(_image_url(each)) for each in post["pics"].items)
    return LinkedMedia(
        video_url=video_url,
        cover_url=page["page_pic"]["url"].text or (images[0].url if images else ""),
        title=post["text"].text,
        images=() if video_url else images,
        author=LinkAuthor(
            uid=user["id"].ident,
            display_name=user["screen_name"].text,
            avatar_url=user["avatar_large"].text or user["profile_image_url"].text,
        ),
    )


def _image_url(picture: Node) -> str:
    return picture["large"]["url"].text or picture["url"].text


WEIBO = Platform(
    key="weibo",
    label="微博",
    hosts=frozenset({"weibo.com", "www.weibo.com", "m.weibo.cn", "video.weibo.com", "h5.video.weibo.com"}),
    short_hosts=frozenset({"mapp.api.weibo.cn"}),
    short_path=re.compile(r"/fx/[0-9A-Za-z]{8,64}\.html"),
    find=_find,
    ways=_ways,
)
