"""Synthetic: Weibo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.video.domain.links import LinkAuthor, LinkedImage, LinkedMedia, Outcome
from tests.unit.video.links.synthetic.case import HARMLESS, HOSTILE, Case, Reply, script

SHOW = "https://weibo.com/tv/show/1034:4999999999999999?from=x"
FID = "https://video.weibo.com/show?fid=1034%3A4999999999999999"
POST = "https://weibo.com/1234567890/NabcdEFGH"
COMPONENT = "https://h5.video.weibo.com/api/component?page=%2Fshow%2F1034%3A4999999999999999"
STATUS = "https://m.weibo.cn/statuses/show?id=NabcdEFGH"
PAGE = "https://m.weibo.cn/detail/NabcdEFGH"
RENDER = script("var $render_data", after="[0] || {};")
USER = {"id": 1234567890, "screen_name": "作者", "profile_image_url": "https://tvax.example/a.jpg"}
AUTHOR = LinkAuthor("1234567890", "作者", "https://tvax.example/a.jpg")


def component(title: str = "标题") -> Reply:
    play = {
        "urls": {"高清 1080P": "//f.video.example/hd.mp4?x=1", "标清": "//f.video.example/sd.mp4"},
        "stream_url": "https://f.video.example/sd.mp4",
        "cover_image": "//wx.example/c.jpg",
        "title": title,
        "author": "作者",
        "avatar": "//tvax.example/a.jpg",
        "user": {"id": 1234567890},
    }
    return Reply({"code": "100000", "msg": "succ", "data": {"Component_Play_Playinfo": play}})


def post(text: str = '正文<a href="x">#话题#</a> &amp; 更多', **more: Any) -> dict[str, Any]:
    return {"id": "49999", "text": text, "user": dict(USER), **more}


def with_video(text: str = "正文") -> dict[str, Any]:
    page = {"urls": {"mp4_hd_mp4": "http://f.video.example/hd.mp4"}, "page_pic": {"url": "https://wx.example/p.jpg"}}
    return post(text, page_info=page)


def with_pictures() -> dict[str, Any]:
    pics = [
        {"pid": "1", "url": "https://wx1.example/small/1.jpg", "large": {"url": "https://wx1.example/large/1.jpg"}},
        {"pid": "2", "url": "https://wx1.example/small/2.jpg"},
    ]
    return post(pics=pics)


def status(data: Any) -> Reply:
    return Reply({"ok": 1, "data": data})


FOUND = LinkedMedia("https://f.video.example/hd.mp4?x=1", "https://wx.example/c.jpg", "标题", "", (), AUTHOR)
VIDEO_POST = LinkedMedia("http://f.video.example/hd.mp4", "https://wx.example/p.jpg", "正文", "", (), AUTHOR)
IMAGES = (LinkedImage("https://wx1.example/large/1.jpg"), LinkedImage("https://wx1.example/small/2.jpg"))
PICTURE_POST = LinkedMedia("", IMAGES[0].url, "正文#话题# & 更多", "", IMAGES, AUTHOR)
CASES = (
    Case("video page", SHOW, {COMPONENT: component()}, FOUND),
    Case("video by its id", FID, {COMPONENT: component()}, FOUND),
    Case("post with a video", POST, {STATUS: status(with_video())}, VIDEO_POST),
    Case("post with images", POST, {STATUS: status(with_pictures())}, PICTURE_POST),
    Case("passed on", POST, {STATUS: status(post("转发", retweeted_status=with_video()))}, VIDEO_POST),
    Case(
        "page behind a changed status",
        POST,
        {STATUS: Reply({}), PAGE: Reply([{"status": with_video()}], RENDER)},
        VIDEO_POST,
    ),
    Case("only text", POST, {STATUS: status(post())}, Outcome.KIND_UNSUPPORTED),
    Case("video gone", SHOW, {COMPONENT: Reply({"code": "100000", "data": {}})}, Outcome.GONE),
    Case("post gone", POST, {STATUS: Reply({"ok": 0, "msg": "微博不存在"})}, Outcome.GONE),
    Case("risk control", POST, {STATUS: Reply(status=418)}, Outcome.LIMITED),
    Case("forbidden", POST, {STATUS: Reply(status=403)}, Outcome.LIMITED),
    Case(
        "visitors",
        POST,
        {"https://m.weibo.cn/": Reply(status=302, location="https://passport.weibo.cn/visitor")},
        Outcome.GATED,
    ),
    Case("changed", SHOW, {COMPONENT: Reply({"data": None})}, Outcome.CHANGED),
    Case("hostile", SHOW, {COMPONENT: component(HOSTILE)}, replace(FOUND, title=HARMLESS)),
)
