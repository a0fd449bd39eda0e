"""Synthetic: Weishi."""

from __future__ import annotations

from dataclasses import replace

from services.video.domain.links import LinkAuthor, LinkedMedia, Outcome
from tests.unit.video.links.synthetic.case import GONE_REPLY, HARMLESS, HOSTILE, Case, Reply

LINK = "https://isee.weishi.qq.com/ws/app-pages/share/index.html?wxplay=1&id=7aBcDeFgHiJkLmNoP&spid=1"
DATA = "https://h5.weishi.qq.com/webapp/json/weishi/WSH5GetPlayPage?feedid=7aBcDeFgHiJkLmNoP"


def feed(title: str = "标题") -> Reply:
    shown = {
        "id": "7aBcDeFgHiJkLmNoP",
        "video_url": "http://v.weishi.example/v.mp4?dis_k=1",
        "images": [{"url": "http://pic.example/c.jpg"}],
        "feed_desc_withat": title,
        "poster": {"id": "1500", "nick": "作者", "avatar": "http://pic.example/a.jpg"},
    }
    return Reply({"ret": 0, "data": {"errmsg": "", "feeds": [shown]}})


AUTHOR = LinkAuthor("1500", "作者", "http://pic.example/a.jpg")
FOUND = LinkedMedia("http://v.weishi.example/v.mp4?dis_k=1", "http://pic.example/c.jpg", "标题", "", (), AUTHOR)
CASES = (
    Case("video", LINK, {DATA: feed()}, FOUND),
    Case("gone", LINK, {DATA: Reply({"ret": -1, "msg": "x"})}, Outcome.GONE),
    Case("gone by its message", LINK, {DATA: Reply({"ret": 0, "data": {"errmsg": "视频已删除"}})}, Outcome.GONE),
    Case("missing", LINK, {DATA: GONE_REPLY}, Outcome.GONE),
    Case("gate", LINK, {DATA: Reply(status=302, location="https://h5.weishi.qq.com/login")}, Outcome.GATED),
    Case("changed", LINK, {DATA: Reply({"ret": 0, "data": {}})}, Outcome.CHANGED),
    Case("hostile", LINK, {DATA: feed(HOSTILE)}, replace(FOUND, title=HARMLESS)),
)
