"""Synthetic: Zuiyou."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.video.domain.links import LinkAuthor, LinkedMedia, Outcome
from tests.unit.video.links.synthetic.case import HARMLESS, HOSTILE, Case, Reply

LINK = "https://share.xiaochuankeji.cn/hybrid/share/post?pid=123456789&zy_to=applink"
DETAIL = "https://share.xiaochuankeji.cn/planck/share/post/detail_h5"


def post(title: str = "标题", **more: Any) -> Reply:
    shown = {
        "content": title,
        "imgs": [{"id": 777, "video": 1}],
        "videos": {"777": {"url": "http://tbvideo.example/v.mp4", "cover_urls": ["http://tbvideo.example/c.jpg"]}},
        "member": {"id": 55, "name": "作者", "avatar_urls": {"origin": {"urls": ["http://file.example/a.jpg"]}}},
        **more,
    }
    return Reply({"ret": 1, "data": {"post": shown}})


AUTHOR = LinkAuthor("55", "作者", "http://file.example/a.jpg")
FOUND = LinkedMedia("http://tbvideo.example/v.mp4", "http://tbvideo.example/c.jpg", "标题", "", (), AUTHOR)
CASES = (
    Case("video", LINK, {DETAIL: post()}, FOUND),
    Case("only images", LINK, {DETAIL: post(videos=None)}, Outcome.KIND_UNSUPPORTED),
    Case("gone", LINK, {DETAIL: Reply({"ret": -1, "msg": "帖子已删除"})}, Outcome.GONE),
    Case("too often", LINK, {DETAIL: Reply(status=429)}, Outcome.LIMITED),
    Case("changed", LINK, {DETAIL: Reply({"ret": 1, "data": {}})}, Outcome.CHANGED),
    Case("down", LINK, {DETAIL: Reply(status=503)}, Outcome.UNREACHABLE),
    Case("hostile", LINK, {DETAIL: post(HOSTILE)}, replace(FOUND, title=HARMLESS)),
)
