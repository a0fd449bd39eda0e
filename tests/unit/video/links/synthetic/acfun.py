"""Synthetic: AcFun."""

from __future__ import annotations

import json
from dataclasses import replace

from services.video.domain.links import LinkAuthor, LinkedMedia, Outcome
from tests.unit.video.links.synthetic.case import GONE_REPLY, HARMLESS, HOSTILE, Case, Reply, script

LINK = "https://www.acfun.cn/v/ac12345678_2?shareUid=1"
MOBILE = "https://m.acfun.cn/v/?ac=12345678_2"
PAGE = "https://www.acfun.cn/v/ac12345678_2"
INFO = script("window.pageInfo = window.videoInfo", after=";\n window.qualityConfig = {};")


def info(title: str = "标题; 分号") -> Reply:
    variants = [{"url": "https://ali.example/1080.m3u8"}, {"url": "https://ali.example/720.m3u8"}]
    shown = {
        "title": title,
        "coverUrl": "https://imgs.example/c.jpg",
        "user": {"name": "作者", "href": "/u/4567"},
        "currentVideoInfo": {"ksPlayJson": json.dumps({"adaptationSet": [{"representation": variants}]})},
    }
    return Reply(shown, INFO)


FOUND = LinkedMedia(
    "https://ali.example/1080.m3u8", "https://imgs.example/c.jpg", "标题; 分号", "", (), LinkAuthor("4567", "作者")
)
CASES = (
    Case("video", LINK, {PAGE: info()}, FOUND),
    Case("link for phones", MOBILE, {PAGE: info()}, FOUND),
    Case("missing", LINK, {PAGE: GONE_REPLY}, Outcome.GONE),
    Case("gate", LINK, {PAGE: Reply(status=401)}, Outcome.GATED),
    Case("changed", LINK, {PAGE: Reply({}, script("window.other"))}, Outcome.CHANGED),
    Case(
        "nothing to play",
        LINK,
        {PAGE: Reply({"title": "x", "currentVideoInfo": {"ksPlayJson": "{"}}, INFO)},
        Outcome.CHANGED,
    ),
    Case("hostile", LINK, {PAGE: info(HOSTILE)}, replace(FOUND, title=HARMLESS)),
)
