"""Synthetic: Haokan."""

from __future__ import annotations

from dataclasses import replace

from services.video.domain.links import LinkAuthor, LinkedMedia, Outcome
from tests.unit.video.links.synthetic.case import GONE_REPLY, HARMLESS, HOSTILE, Case, Reply

LINK = "https://haokan.baidu.com/v?vid=12345678901234567890&sfrom=share"
DATA = "https://haokan.baidu.com/v?_format=json&vid=12345678901234567890"


def video(title: str = "标题", errno: object = 0) -> Reply:
    shown = {
        "playurl": "http://vd.example/v.mp4",
        "poster": "https://f7.example/c.jpg",
        "title": title,
        "mth": {"mthid": 1600, "author_name": "作者", "author_photo": "https://gips.example/a.jpg"},
    }
    return Reply({"errno": errno, "data": {"apiData": {"curVideoMeta": shown}}})


AUTHOR = LinkAuthor("1600", "作者", "https://gips.example/a.jpg")
FOUND = LinkedMedia("http://vd.example/v.mp4", "https://f7.example/c.jpg", "标题", "", (), AUTHOR)
CASES = (
    Case("video", LINK, {DATA: video()}, FOUND),
    Case("video with its number as text", LINK, {DATA: video(errno="0")}, FOUND),
    Case("gone", LINK, {DATA: Reply({"errno": 1, "error": "视频不存在"})}, Outcome.GONE),
    Case("missing", LINK, {DATA: GONE_REPLY}, Outcome.GONE),
    Case("gate", LINK, {DATA: Reply(status=302, location="https://wappass.baidu.com/static/captcha/")}, Outcome.GATED),
    Case("changed", LINK, {DATA: Reply({"errno": 0, "data": {"apiData": {}}})}, Outcome.CHANGED),
    Case("hostile", LINK, {DATA: video(HOSTILE)}, replace(FOUND, title=HARMLESS)),
)
