"""Synthetic: Huya."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.video.domain.links import LinkAuthor, LinkedMedia, Outcome
from tests.unit.video.links.synthetic.case import GONE_REPLY, HARMLESS, HOSTILE, Case, Reply

LINK = "https://v.huya.com/play/987654321.html"
WWW = "https://www.huya.com/video/play/987654321.html"
MOMENT = "https://liveapi.huya.com/moment/getMomentContent?videoId=987654321"


def moment(title: str = "标题", **more: Any) -> Reply:
    shown = {
        "uid": 3300,
        "videoTitle": title,
        "videoCover": "//huya.example/c.jpg",
        "actorNick": "作者",
        "actorAvatarUrl": "https://huya.example/a.jpg",
        "definitions": [{"definition": "1300", "url": "https://videotx.example/v.mp4"}, {"url": "https://x.example/"}],
        **more,
    }
    return Reply({"status": 200, "data": {"moment": {"videoInfo": shown}}})


AUTHOR = LinkAuthor("3300", "作者", "https://huya.example/a.jpg")
FOUND = LinkedMedia("https://videotx.example/v.mp4", "https://huya.example/c.jpg", "标题", "", (), AUTHOR)
CASES = (
    Case("video", LINK, {MOMENT: moment()}, FOUND),
    Case("video of the main site", WWW, {MOMENT: moment()}, FOUND),
    Case("gone", LINK, {MOMENT: moment(uid=0)}, Outcome.GONE),
    Case("missing", LINK, {MOMENT: GONE_REPLY}, Outcome.GONE),
    Case("forbidden", LINK, {MOMENT: Reply(status=403)}, Outcome.GATED),
    Case("changed", LINK, {MOMENT: Reply({"status": 200, "data": {}})}, Outcome.CHANGED),
    Case("hostile", LINK, {MOMENT: moment(HOSTILE)}, replace(FOUND, title=HARMLESS)),
)
