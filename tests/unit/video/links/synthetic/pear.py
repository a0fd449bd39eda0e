"""Synthetic: Pear Video."""

from __future__ import annotations

from dataclasses import replace

from services.video.domain.links import LinkedMedia, Outcome
from tests.unit.video.links.synthetic.case import GONE_REPLY, HOSTILE, Case, Reply

LINK = "https://www.pearvideo.com/detail_1234567"
PAGE = "https://www.pearvideo.com/video_1234567"
STATUS = "https://www.pearvideo.com/videoStatus.jsp?contId=1234567"


def shown(title: str) -> str:
    """The part of a title that fits; half a character cannot be sent in UTF-8."""
    return title.encode("utf-8", "surrogatepass").decode("utf-8", "replace")[:900]


def page(title: str = "标题_梨视频官网-Pear Video") -> Reply:
    escaped = shown(title).replace("<", "&lt;").replace(">", "&gt;")
    return Reply(None, lambda _: f"<html><head><title>{escaped}</title></head><body></body></html>")


def status() -> Reply:
    source = "https://video.example/mp4/short/20240101/1700000000000-1234-hd.mp4"
    info = {"video_image": "https://image.example/c.jpg", "videos": {"hdUrl": "", "srcUrl": source}}
    return Reply({"resultCode": "1", "systemTime": "1700000000000", "videoInfo": info})


FOUND = LinkedMedia(
    "https://video.example/mp4/short/20240101/cont-1234567-1234-hd.mp4", "https://image.example/c.jpg", "标题"
)
# In a title tags are written with entities, so they stay.
_TITLE = shown(HOSTILE).replace("\u2028", " ")
CASES = (
    Case("video", LINK, {PAGE: page(), STATUS: status()}, FOUND),
    Case("gone", LINK, {PAGE: page(), STATUS: Reply({"resultCode": "5", "resultMsg": "文章已下线"})}, Outcome.GONE),
    Case("missing", LINK, {PAGE: GONE_REPLY}, Outcome.GONE),
    Case("gate", LINK, {PAGE: page(), STATUS: Reply(status=403)}, Outcome.GATED),
    Case("changed", LINK, {PAGE: page(), STATUS: Reply({"resultCode": "1"})}, Outcome.CHANGED),
    Case("hostile", LINK, {PAGE: page(HOSTILE), STATUS: status()}, replace(FOUND, title=_TITLE)),
    Case("no title", LINK, {PAGE: Reply({}), STATUS: status()}, replace(FOUND, title="")),
)
